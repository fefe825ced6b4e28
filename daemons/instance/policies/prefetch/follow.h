/* SPDX-License-Identifier: MIT */
/*
 * follow.h - where in the order of an earlier process one of the same program is
 * now, and what comes next there.
 *
 * A page that is needed has places in the order.  One of them begins a cursor;
 * the next page that is needed close behind a cursor confirms it, and then
 * what comes behind is foretold, the farther the more often that was right.
 * There are several cursors, as threads go their own ways.  Idea: T. Wenisch et
 * al., "Temporal streaming of shared memory" (ISCA 2005), which follows orders
 * of cache misses.  One thread.
 */
#ifndef USM_INSTANCE_POLICIES_PREFETCH_FOLLOW_H
#define USM_INSTANCE_POLICIES_PREFETCH_FOLLOW_H

#include <stdint.h>

#include "instance/policies/prefetch/mappings.h"
#include "instance/policies/prefetch/order.h"

struct usm_follow;

/*
 * Of an order as usm_order_encode() wrote it.  *out is the caller's.  -EINVAL:
 * it is none; -ENOMEM.
 */
int usm_follow_create(const void *data, uint32_t bytes,
		      struct usm_follow **out);

/* Frees it; NULL is fine. */
void usm_follow_destroy(struct usm_follow *follow);

/*
 * The process has one more mapping: it is taken for the first of the order that
 * was as large when it was first seen and that no other is taken for.
 */
void usm_follow_mapping(struct usm_follow *follow,
			const struct usm_mappings *mappings, uint32_t mapping);

/*
 * A page is needed.  Writes up to nr (and max ahead of it) pages that are needed
 * next, by the order; addresses in the process's mappings.  Returns how many.
 */
uint32_t usm_follow_needed(struct usm_follow *follow,
			   const struct usm_mappings *mappings,
			   uint32_t mapping, uint64_t addr, uint32_t max,
			   uint64_t *wants, uint32_t nr);

/* One of those was not needed: less is foretold. */
void usm_follow_unused(struct usm_follow *follow);

#endif /* USM_INSTANCE_POLICIES_PREFETCH_FOLLOW_H */
