/* SPDX-License-Identifier: MIT */
/* report.h - the three forms of the results. */
#ifndef USM_BENCH_REPORT_H
#define USM_BENCH_REPORT_H

#include "bench/report/results.h"

struct report {
	const struct samples *samples; /* [MEASURES] */
	const struct result (*results)[MEASURES]; /* [catalogue_rows] */
	const char *machine;
	const char *commit;
	const char *date;
};

/* Rows that fail. */
size_t report_invalid(const struct report *report);

/* On stdout. */
void report_table(const struct report *report);

/* docs/bench.md describes the format. 0 or -errno. */
int report_json(const struct report *report, const char *path);

/* Bars of the ratios. 0 or -errno. */
int report_svg(const struct report *report, const char *path);

/* "met", "not met", "unknown", or NULL without an aim. */
const char *aim_text(enum aim_state state);

#endif /* USM_BENCH_REPORT_H */
