/* SPDX-License-Identifier: MIT */
/*
 * ranges.h - pages here and there as few ranges of address space.
 *
 * The kernel reports accessed bits of whole ranges; a call costs about as much
 * as looking at some hundred entries more, so pages that lie close are asked
 * for together with what is between them.  Pure.
 */
#ifndef USM_INSTANCE_EVICT_RANGES_H
#define USM_INSTANCE_EVICT_RANGES_H

#include <stdint.h>

/* Pages in between that are cheaper to look at than another call. */
#define USM_RANGE_GAP 256U

struct usm_place {
	uint64_t addr; /* page-aligned */
	uint32_t member;
};

struct usm_range {
	uint64_t addr;
	uint32_t member;
	uint32_t pages; /* at most USM_PAGES_MAX */
};

/*
 * Covers nr places (sorted here) with at most nr ranges, none of which runs
 * over two members.  Returns how many ranges.
 */
uint32_t usm_ranges_cover(struct usm_place *places, uint32_t nr,
			  struct usm_range *out);

#endif /* USM_INSTANCE_EVICT_RANGES_H */
