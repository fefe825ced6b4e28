/* SPDX-License-Identifier: MIT */
/*
 * expect.h - did a measurement measure what it is about?  From the page tables
 * and the kernel's count of faults, not from what the module counts.
 */
#ifndef USM_BENCH_EXPECT_H
#define USM_BENCH_EXPECT_H

#include "bench/guest/bench.h"

enum place {
	PLACE_OUTSIDE, /* of the pool */
	PLACE_PARTITION, /* of the benchmark's policy */
	PLACE_POOL, /* in another's partition */
};

struct expectation {
	struct toucher *toucher;
	enum touch_region region;
	uint32_t pages;
	uint32_t faults; /* that the kernel counts for them; 0: any number */
	uint32_t run; /* aligned runs of so many frames; 1: anywhere */
	enum place place;
	bool large; /* the kernel sees each run as one large page */
};

/*
 * Touches the pages and gives the cost of one; INVALID when anything is not as
 * expected.  The pages stay.
 */
enum verdict touch_as_expected(struct bench *bench,
			       const struct expectation *expectation,
			       double *value);

/* Gives the member's pages back; returns when all frames are home. */
enum verdict reset_member(struct bench *bench, enum touch_region region);

#endif /* USM_BENCH_EXPECT_H */
