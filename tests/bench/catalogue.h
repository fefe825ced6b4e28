/* SPDX-License-Identifier: MIT */
/* catalogue.h - the rows of the table: what is compared with what, and the aim. */
#ifndef USM_BENCH_CATALOGUE_H
#define USM_BENCH_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

enum bench_measure {
	MEASURE_TIME, /* two processors, as fast as the emulator goes */
	MEASURE_INSTRUCTIONS, /* one processor that counts what it executes */
	MEASURES,
};

struct catalogue_row {
	const char *name;
	const char *what;
	const char *base; /* what the ratio is to */
	double aim; /* at most; 0: none */
	enum bench_measure aim_of;
	bool measured[MEASURES]; /* where it must have run */
};

extern const struct catalogue_row catalogue[];
extern const size_t catalogue_rows;

/* NULL when there is none of that name. */
const struct catalogue_row *catalogue_find(const char *name);

#endif /* USM_BENCH_CATALOGUE_H */
