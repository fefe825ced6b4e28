/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of frames as a short list of runs: pure, no locks. */
#ifndef USM_RUNS_H
#define USM_RUNS_H

#include <linux/types.h>

#include "usm.h"

struct usm_runs {
	struct usm_extent at[USM_EXTENTS_MAX]; /* ascending, never touching */
	u32 nr;
	u32 frames; /* sum of the runs */
};

/*
 * usm_runs_add() - the union with [first, first + frames).
 * Returns -ENOSPC, and changes nothing, when that takes one run too many.
 */
int usm_runs_add(struct usm_runs *runs, u32 first, u32 frames);

/*
 * usm_runs_cover() - as usm_runs_add(), but where a run too many would be
 * needed it takes in the smallest gap between two instead.
 */
void usm_runs_cover(struct usm_runs *runs, u32 first, u32 frames);

/* Cut up to @frames frames off the highest run; returns what was cut. */
struct usm_extent usm_runs_cut_tail(struct usm_runs *runs, u32 frames);

/* Forget run number @index. */
void usm_runs_drop(struct usm_runs *runs, u32 index);

/*
 * usm_runs_next() - the part at or above @from of the first run that has one.
 * Returns false when there is none.
 */
bool usm_runs_next(const struct usm_runs *runs, u32 from,
		   struct usm_extent *out);

#endif /* USM_RUNS_H */
