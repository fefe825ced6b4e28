/* SPDX-License-Identifier: MIT */
/*
 * where.h - which slot of the swap device has the page that stood at an address
 * when it was evicted.
 *
 * A hint: mremap() moves pages and fork() makes more of them, unseen.  That is
 * enough to choose what to read, never to say what a page holds.  One thread.
 */
#ifndef USM_INSTANCE_PREFETCH_WHERE_H
#define USM_INSTANCE_PREFETCH_WHERE_H

#include <stdint.h>

struct usm_where;

/* For slots [1, nr_slots); 24 bytes for each.  *out is the caller's.  ENOMEM. */
int usm_where_create(uint32_t nr_slots, struct usm_where **out);

/* Frees it; NULL is fine. */
void usm_where_destroy(struct usm_where *where);

/*
 * The page at addr of a member is what the cookie (swap/map.h) stands for; what
 * its slot had before is forgotten.
 */
void usm_where_set(struct usm_where *where, uint32_t member, uint64_t addr,
		   uint64_t cookie);

/* The cookie, which may be out of date, or 0: it is not known. */
uint64_t usm_where_find(const struct usm_where *where, uint32_t member,
			uint64_t addr);

/* The page is not there any more. */
void usm_where_forget(struct usm_where *where, uint64_t cookie);

#endif /* USM_INSTANCE_PREFETCH_WHERE_H */
