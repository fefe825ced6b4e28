/* SPDX-License-Identifier: MIT */
/* stats.h - medians and their spread. Pure. */
#ifndef USM_BENCH_STATS_H
#define USM_BENCH_STATS_H

#include <stddef.h>

struct spread {
	double q1;
	double median;
	double q3;
	size_t nr; /* values it was made of */
};

/*
 * Quartiles of values[nr], between the two nearest values where none is in the
 * middle; sorts values.  EINVAL for none at all.
 */
int spread_of(double *values, size_t nr, struct spread *out);

#endif /* USM_BENCH_STATS_H */
