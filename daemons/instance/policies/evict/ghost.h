/* SPDX-License-Identifier: MIT */
/*
 * ghost.h - pages that went out not long ago.
 *
 * Remembers the last so many by fingerprint, in O(1) and without allocation: a
 * table of small buckets in which the oldest entry makes room.  Every entry has
 * the number it was added with, so that none has to be taken out when it gets
 * too old.  It may forget one too early (a bucket that is chosen often) and, one
 * time in 2^30, take one page for another: harmless to a hint.
 */
#ifndef USM_INSTANCE_POLICIES_EVICT_GHOST_H
#define USM_INSTANCE_POLICIES_EVICT_GHOST_H

#include <stdbool.h>
#include <stdint.h>

/* Entries of a bucket: half a cache line. */
#define USM_GHOST_WAYS 4

struct usm_ghost_entry {
	uint32_t print; /* of the page */
	uint32_t number; /* counted from 1 as added; 0: empty */
};

struct usm_ghost {
	uint32_t nr_buckets; /* a power of two */
	uint32_t added; /* so far */
	struct usm_ghost_entry (*buckets)[USM_GHOST_WAYS];
};

/* Room for the last nr pages.  ENOMEM. */
int usm_ghost_init(struct usm_ghost *ghost, uint32_t nr);

/* Frees it; a zeroed struct is fine. */
void usm_ghost_fini(struct usm_ghost *ghost);

/* A page went out. */
void usm_ghost_add(struct usm_ghost *ghost, uint64_t page);

/* Was it among the last nr?  It is forgotten then. */
bool usm_ghost_take(struct usm_ghost *ghost, uint64_t page, uint32_t nr);

#endif /* USM_INSTANCE_POLICIES_EVICT_GHOST_H */
