/* SPDX-License-Identifier: MIT */
/* results.h - what the samples say about every row of the catalogue. */
#ifndef USM_BENCH_RESULTS_H
#define USM_BENCH_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/catalogue.h"
#include "bench/sample.h"
#include "bench/stats.h"

/* A row needs so many good samples, and more good than spoiled ones. */
#define RESULT_SAMPLES_MIN 3

struct result {
	struct spread ratio; /* .nr 0: not measured */
	struct spread value; /* per page, in the measure's own unit */
	size_t spoiled;
	char invalid[SAMPLE_TEXT_SIZE]; /* why the row fails; empty: it holds */
};

struct samples {
	struct sample *at;
	size_t nr;
};

/* All lines of a file; *out is the caller's. 0 or -errno. */
int samples_read(const char *path, struct samples *out);
void samples_free(struct samples *samples);

/* The text of an info line, or NULL. */
const char *samples_info(const struct samples *samples, const char *key);

/* One row of one measure. 0 or -ENOMEM. */
int result_of(const struct samples *samples, const struct catalogue_row *row,
	      enum bench_measure measure, struct result *out);

enum aim_state {
	AIM_NONE,
	AIM_MET,
	AIM_NOT_MET,
	AIM_UNKNOWN, /* the row that would tell is invalid */
};

enum aim_state result_aim(const struct catalogue_row *row,
			  const struct result results[MEASURES]);

#endif /* USM_BENCH_RESULTS_H */
