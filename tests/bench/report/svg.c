/* SPDX-License-Identifier: MIT */
/*
 * One bar a row, as long as the median ratio, with a line from quartile to
 * quartile; a mark where the aim is.  The scale is logarithmic: rows differ by
 * two orders of magnitude.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "bench/report/report.h"
#include "common/cleanup.h"

#define LABEL_WIDTH 330
#define CHART_WIDTH 460
#define ROW_HEIGHT 24
#define TOP 40
#define WIDTH (LABEL_WIDTH + CHART_WIDTH + 90)

#define RATIO_LEAST 0.1
#define RATIO_MOST 100.0

static double place(double ratio)
{
	double part =
		log10(ratio / RATIO_LEAST) / log10(RATIO_MOST / RATIO_LEAST);

	return LABEL_WIDTH + CHART_WIDTH * fmin(fmax(part, 0), 1);
}

static void draw_scale(FILE *file, double height)
{
	static const double ticks[] = { 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 100 };
	size_t i;

	for (i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++)
		fprintf(file,
			"<line x1='%.1f' y1='%d' x2='%.1f' y2='%.0f' stroke='%s'/>"
			"<text x='%.1f' y='%d' text-anchor='middle' fill='#777'>%g</text>\n",
			place(ticks[i]), TOP - 6, place(ticks[i]), height,
			ticks[i] == 1 ? "#888" : "#ddd", place(ticks[i]),
			TOP - 10, ticks[i]);
}

static const char *colour(enum aim_state state)
{
	switch (state) {
	case AIM_MET:
		return "#4c9a5b";
	case AIM_NOT_MET:
		return "#c8663d";
	case AIM_NONE:
	case AIM_UNKNOWN:
		break;
	}
	return "#7d93ad";
}

static void draw_row(FILE *file, const struct catalogue_row *row,
		     const struct result results[MEASURES], double y)
{
	enum bench_measure measure = row->aim > 0 ? row->aim_of : MEASURE_TIME;
	const struct result *result = &results[measure];
	const struct spread *ratio = &result->ratio;
	double middle = y + ROW_HEIGHT / 2.0;

	fprintf(file,
		"<text x='%d' y='%.1f' text-anchor='end'>%s / %s%s</text>\n",
		LABEL_WIDTH - 8, middle + 4, row->what, row->base,
		measure == MEASURE_INSTRUCTIONS ? ", instructions" : "");
	if (result->invalid[0] || !ratio->nr) {
		fprintf(file, "<text x='%.1f' y='%.1f'>invalid</text>\n",
			place(1) + 4, middle + 4);
		return;
	}
	fprintf(file,
		"<rect x='%d' y='%.1f' width='%.1f' height='%d' fill='%s'/>\n"
		"<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#222'/>\n"
		"<text x='%.1f' y='%.1f'>%.2f</text>\n",
		LABEL_WIDTH, y + 4, place(ratio->median) - LABEL_WIDTH,
		ROW_HEIGHT - 8, colour(result_aim(row, results)),
		place(ratio->q1), middle, place(ratio->q3), middle,
		fmax(place(ratio->median), place(ratio->q3)) + 6, middle + 4,
		ratio->median);
	if (row->aim > 0)
		fprintf(file,
			"<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#b00' stroke-width='2'/>\n",
			place(row->aim), y + 1, place(row->aim),
			y + ROW_HEIGHT - 1);
}

int report_svg(const struct report *report, const char *path)
{
	double height = TOP + ROW_HEIGHT * (double)catalogue_rows;
	usm_auto_file file = fopen(path, "we");
	size_t i;

	if (!file)
		return -errno;
	fprintf(file,
		"<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%.0f' font-family='sans-serif' font-size='12'>\n"
		"<rect width='100%%' height='100%%' fill='white'/>\n"
		"<text x='8' y='16' font-size='14'>Cost of a page: median ratios, quartiles; red: the aim (logarithmic)</text>\n",
		WIDTH, height + 10);
	draw_scale(file, height);
	for (i = 0; i < catalogue_rows; i++)
		draw_row(file, &catalogue[i], report->results[i],
			 TOP + ROW_HEIGHT * (double)i);
	return fprintf(file, "</svg>\n") < 0 ? -EIO : 0;
}
