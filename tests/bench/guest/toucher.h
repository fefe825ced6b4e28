/* SPDX-License-Identifier: MIT */
/*
 * toucher.h - a process that writes to one page after the other when it is
 * told to, and says how long that took.  The same program whoever serves its
 * faults: the kernel, USM, or a userfaultfd handler in a process of its own.
 */
#ifndef USM_BENCH_TOUCHER_H
#define USM_BENCH_TOUCHER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/catalogue.h"

#define TOUCH_PAGES_MAX 512

enum touch_region {
	REGION_SMALL, /* MADV_NOHUGEPAGE */
	REGION_LARGE, /* MADV_HUGEPAGE */
	REGIONS,
};

struct touched {
	uint64_t took; /* for all pages, in the clock's unit */
	uint64_t faults; /* that the kernel counted meanwhile */
};

struct toucher_shared;

struct toucher {
	pid_t pid;
	pid_t handler; /* 0: none */
	struct toucher_shared *shared;
};

/*
 * Starts one on the CPU; with_handler: its small region is a userfaultfd's.
 * 0 or -errno.
 */
int toucher_start(struct toucher *toucher, int cpu, enum bench_measure measure,
		  bool with_handler);

/* Ends it and its handler. */
void toucher_end(struct toucher *toucher);

/* Where its region begins, aligned to 2 MiB. */
uint64_t toucher_base(const struct toucher *toucher, enum touch_region region);

/* Writes a word to each of the first pages. */
void toucher_touch(struct toucher *toucher, enum touch_region region,
		   uint32_t pages, struct touched *out);

/* Faults that the handler answered in the last touch. */
uint64_t toucher_handled(const struct toucher *toucher);

/* How many of these pages are not as fresh memory with that word in it. */
uint64_t toucher_wrong(struct toucher *toucher, enum touch_region region,
		       uint32_t pages);

/* Gives all pages of the region back. */
void toucher_reset(struct toucher *toucher, enum touch_region region);

#endif /* USM_BENCH_TOUCHER_H */
