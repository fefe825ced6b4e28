/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "bench/report/report.h"

static void print_ratio(const struct result *result)
{
	char spread[32];

	if (result->invalid[0]) {
		printf("  %-22s", "INVALID");
		return;
	}
	if (!result->ratio.nr) {
		printf("  %-22s", "-");
		return;
	}
	snprintf(spread, sizeof(spread), "[%.2f..%.2f]", result->ratio.q1,
		 result->ratio.q3);
	printf("  %7.3f %-14s", result->ratio.median, spread);
}

static void print_row(const struct catalogue_row *row,
		      const struct result results[MEASURES])
{
	const char *aim = aim_text(result_aim(row, results));

	printf("%-38s %-10s", row->what, row->base);
	print_ratio(&results[MEASURE_TIME]);
	print_ratio(&results[MEASURE_INSTRUCTIONS]);
	if (aim)
		printf("  <= %.2f%s %s", row->aim,
		       row->aim_of == MEASURE_INSTRUCTIONS ? " instr." : "",
		       aim);
	printf("\n");
}

static void print_reasons(const struct catalogue_row *row,
			  const struct result results[MEASURES])
{
	static const char *const names[MEASURES] = { "time", "instructions" };
	int m;

	for (m = 0; m < MEASURES; m++)
		if (results[m].invalid[0])
			printf("INVALID  %s (%s): %s\n", row->name, names[m],
			       results[m].invalid);
}

static void print_m(const struct report *report)
{
	const struct result *m = report->results[0];

	if (m[MEASURE_TIME].value.nr)
		printf("M: %.0f ns [%.0f..%.0f]", m[MEASURE_TIME].value.median,
		       m[MEASURE_TIME].value.q1, m[MEASURE_TIME].value.q3);
	if (m[MEASURE_INSTRUCTIONS].value.nr)
		printf(", %.0f instructions",
		       m[MEASURE_INSTRUCTIONS].value.median);
	printf("\n");
}

const char *aim_text(enum aim_state state)
{
	switch (state) {
	case AIM_MET:
		return "met";
	case AIM_NOT_MET:
		return "not met";
	case AIM_UNKNOWN:
		return "unknown";
	case AIM_NONE:
		break;
	}
	return NULL;
}

size_t report_invalid(const struct report *report)
{
	size_t nr = 0, i;

	for (i = 0; i < catalogue_rows; i++)
		nr += report->results[i][MEASURE_TIME].invalid[0] ||
		      report->results[i][MEASURE_INSTRUCTIONS].invalid[0];
	return nr;
}

void report_table(const struct report *report)
{
	size_t i;

	printf("%-38s %-10s  %-22s  %-22s  %s\n", "cost of a page", "beside",
	       "time [quartiles]", "instructions", "aim");
	for (i = 0; i < catalogue_rows; i++)
		print_row(&catalogue[i], report->results[i]);
	print_m(report);
	for (i = 0; i < catalogue_rows; i++)
		print_reasons(&catalogue[i], report->results[i]);
}
