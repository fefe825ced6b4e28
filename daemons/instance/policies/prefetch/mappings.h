/* SPDX-License-Identifier: MIT */
/*
 * mappings.h - the mappings of one process, as its faults show them, so that a
 * page has a name that is the same in the next process of the program.
 *
 * Addresses differ from start to start.  What stays is in which mapping a page
 * is and how far from where it began when it was first seen: mappings grow, in
 * both directions, and are merged with others; the first sight is kept.  One
 * thread.
 */
#ifndef USM_INSTANCE_POLICIES_PREFETCH_MAPPINGS_H
#define USM_INSTANCE_POLICIES_PREFETCH_MAPPINGS_H

#include <stdint.h>

#include "usm_policy.h"

/* Of one process; pages in others are not known.  Eight bits name one. */
#define USM_MAPPINGS_MAX 256U

#define USM_MAPPINGS_NONE UINT32_MAX

struct usm_mapping {
	uint64_t start, bytes; /* when it was first seen */
	uint64_t low, high; /* all it ever was */
};

struct usm_mappings {
	uint32_t nr;
	uint32_t last; /* where the last page was, which is where the next is */
	struct usm_mapping mapping[USM_MAPPINGS_MAX];
};

/*
 * Which mapping the page of a fault is in: one that was seen, else the next
 * number.  USM_MAPPINGS_NONE: there are too many.
 */
uint32_t usm_mappings_of(struct usm_mappings *mappings,
			 const struct usm_fault *fault);

/* How many pages from the first sight's start it is; may be negative. */
int64_t usm_mappings_offset(const struct usm_mapping *mapping, uint64_t addr);

#endif /* USM_INSTANCE_POLICIES_PREFETCH_MAPPINGS_H */
