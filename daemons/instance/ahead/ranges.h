/* SPDX-License-Identifier: MIT */
/*
 * ranges.h - the range grants that are not used up yet, as far as is known.
 *
 * In order of age, so that when there are too many the oldest goes: whoever was
 * to use it has gone elsewhere.
 */
#ifndef USM_INSTANCE_AHEAD_RANGES_H
#define USM_INSTANCE_AHEAD_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

/* Threads that touch in sequence at once; all are looked through. */
#define USM_RANGES_MAX 128U

struct usm_range {
	uint64_t addr;
	uint32_t member;
	uint32_t first;
	uint32_t frames;
	uint32_t used;
};

struct usm_ranges {
	uint32_t nr;
	struct usm_range at[USM_RANGES_MAX]; /* the oldest first */
};

/* Is a page of [addr, addr + frames) in one of the member's? */
bool usm_ranges_overlap(const struct usm_ranges *ranges, uint32_t member,
			uint64_t addr, uint32_t frames);

/* There must be room. */
void usm_ranges_add(struct usm_ranges *ranges, const struct usm_range *range);

/* So many frames from `frame` on were used; one that is used up is forgotten. */
void usm_ranges_used(struct usm_ranges *ranges, uint32_t frame, uint32_t nr);

/* Forgets the oldest one, into *out; false: there is none. */
bool usm_ranges_take_oldest(struct usm_ranges *ranges, struct usm_range *out);

/* The member is gone. */
void usm_ranges_drop(struct usm_ranges *ranges, uint32_t member);

#endif /* USM_INSTANCE_AHEAD_RANGES_H */
