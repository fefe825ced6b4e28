// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "pool/runs.h"

static u32 end_of(const struct usm_extent *run)
{
	return run->first + run->frames;
}

void usm_runs_drop(struct usm_runs *runs, u32 index)
{
	runs->frames -= runs->at[index].frames;
	runs->nr--;
	memmove(&runs->at[index], &runs->at[index + 1],
		(runs->nr - index) * sizeof(runs->at[0]));
}

int usm_runs_add(struct usm_runs *runs, u32 first, u32 frames)
{
	u32 end = first + frames;
	u32 i = 0;

	if (frames == 0)
		return 0;
	while (i < runs->nr && end_of(&runs->at[i]) < first)
		i++;
	if ((i == runs->nr || runs->at[i].first > end) &&
	    runs->nr == USM_EXTENTS_MAX)
		return -ENOSPC;

	/* Swallow those it overlaps or touches. */
	while (i < runs->nr && runs->at[i].first <= end) {
		first = min(first, runs->at[i].first);
		end = max(end, end_of(&runs->at[i]));
		usm_runs_drop(runs, i);
	}
	memmove(&runs->at[i + 1], &runs->at[i],
		(runs->nr - i) * sizeof(runs->at[0]));
	runs->at[i].first = first;
	runs->at[i].frames = end - first;
	runs->frames += end - first;
	runs->nr++;
	return 0;
}

void usm_runs_cover(struct usm_runs *runs, u32 first, u32 frames)
{
	u32 i, gap, smallest = 0;
	u32 size = U32_MAX;

	while (usm_runs_add(runs, first, frames)) {
		for (i = 0; i + 1 < runs->nr; i++) {
			gap = runs->at[i + 1].first - end_of(&runs->at[i]);
			if (gap < size) {
				size = gap;
				smallest = i;
			}
		}
		/* Joins two runs, which makes room for one. */
		usm_runs_add(runs, end_of(&runs->at[smallest]), size);
	}
}

struct usm_extent usm_runs_cut_tail(struct usm_runs *runs, u32 frames)
{
	struct usm_extent cut = { 0, 0 };
	struct usm_extent *last;

	if (runs->nr == 0)
		return cut;
	last = &runs->at[runs->nr - 1];
	cut.frames = min(frames, last->frames);
	cut.first = end_of(last) - cut.frames;
	last->frames -= cut.frames;
	runs->frames -= cut.frames;
	if (last->frames == 0)
		runs->nr--;
	return cut;
}

bool usm_runs_next(const struct usm_runs *runs, u32 from,
		   struct usm_extent *out)
{
	u32 i;

	for (i = 0; i < runs->nr; i++) {
		if (end_of(&runs->at[i]) <= from)
			continue;
		out->first = max(from, runs->at[i].first);
		out->frames = end_of(&runs->at[i]) - out->first;
		return true;
	}
	return false;
}
