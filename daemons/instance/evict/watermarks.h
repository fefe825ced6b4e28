/* SPDX-License-Identifier: MIT */
/*
 * watermarks.h - when frames are to be won ahead of the faults that need them.
 *
 * Below `low` free frames the worker begins to evict, in small batches between
 * faults, and goes on until `high` are free: a fault then finds a frame and
 * waits for no storage.  Pure decisions.
 */
#ifndef USM_INSTANCE_EVICT_WATERMARKS_H
#define USM_INSTANCE_EVICT_WATERMARKS_H

#include <stdbool.h>
#include <stdint.h>

struct usm_watermarks {
	uint32_t low, high; /* frames; 0 <= low < high */
};

/* low_percent < high_percent; at least one frame apart. */
static inline struct usm_watermarks
usm_watermarks_of(uint32_t frames, uint32_t low_percent, uint32_t high_percent)
{
	struct usm_watermarks marks = {
		.low = (uint32_t)((uint64_t)frames * low_percent / 100),
		.high = (uint32_t)((uint64_t)frames * high_percent / 100),
	};

	if (marks.high <= marks.low)
		marks.high = marks.low + 1;
	return marks;
}

/* With so many frames free: is it to evict?  evicting: what it does now. */
static inline bool usm_watermarks_evict(const struct usm_watermarks *marks,
					uint32_t free, bool evicting)
{
	return free < marks->low || (evicting && free < marks->high);
}

#endif /* USM_INSTANCE_EVICT_WATERMARKS_H */
