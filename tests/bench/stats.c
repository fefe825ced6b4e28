/* SPDX-License-Identifier: MIT */
#include "bench/stats.h"

#include <errno.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value at `part` of the way from the least to the greatest. */
static double quantile(const double *sorted, size_t nr, double part)
{
	double place = part * (double)(nr - 1);
	size_t below = (size_t)place;
	double beyond = place - (double)below;

	if (below + 1 >= nr)
		return sorted[nr - 1];
	return sorted[below] + beyond * (sorted[below + 1] - sorted[below]);
}

int spread_of(double *values, size_t nr, struct spread *out)
{
	if (!nr)
		return -EINVAL;
	qsort(values, nr, sizeof(values[0]), compare);
	*out = (struct spread){
		.q1 = quantile(values, nr, 0.25),
		.median = quantile(values, nr, 0.5),
		.q3 = quantile(values, nr, 0.75),
		.nr = nr,
	};
	return 0;
}
