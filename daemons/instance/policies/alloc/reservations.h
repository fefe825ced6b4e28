/* SPDX-License-Identifier: MIT */
/*
 * reservations.h - which aligned run of frames stands behind which aligned
 * window of virtual memory.
 *
 * One record per run of the arena, so nothing is ever allocated after init:
 * found by (member, window) through a hash, and, while the record still holds
 * spare frames, kept in a list by last use, so that the least recently used
 * one can be broken up first.  Bookkeeping only: no frame is moved here.
 */
#ifndef USM_INSTANCE_POLICIES_ALLOC_RESERVATIONS_H
#define USM_INSTANCE_POLICIES_ALLOC_RESERVATIONS_H

#include <stdint.h>

#define USM_RUN_NONE UINT32_MAX

struct usm_reservation {
	uint64_t window; /* number of the window: addr / window bytes */
	uint64_t wanted; /* frames of the run that belong to the window */
	uint64_t spare; /* of those, set aside and not handed out */
	uint32_t member; /* 0: no reservation on this run */
	uint32_t hash_next;
	uint32_t older, newer; /* by last use, while .spare is not 0 */
};

struct usm_reservations {
	struct usm_reservation *run; /* [nr_runs] */
	uint32_t *bucket; /* heads of the hash chains */
	uint32_t nr_runs;
	uint32_t bucket_mask;
	uint32_t oldest, newest;
};

/* Room for one reservation on each of nr_runs runs.  ENOMEM. */
int usm_reservations_init(struct usm_reservations *all, uint32_t nr_runs);

/* Frees what init allocated; a zeroed struct is fine. */
void usm_reservations_fini(struct usm_reservations *all);

/* The run behind a window, or USM_RUN_NONE. */
uint32_t usm_reservations_find(const struct usm_reservations *all,
			       uint32_t member, uint64_t window);

/* Records one on a run that has none; wanted frames are all spare. */
void usm_reservations_add(struct usm_reservations *all, uint32_t run,
			  uint32_t member, uint64_t window, uint64_t wanted);

/* Forgets it.  Returns the frames that were spare; they are the caller's. */
uint64_t usm_reservations_drop(struct usm_reservations *all, uint32_t run);

/* Changes the spare frames of a reservation; counts as a use of it. */
void usm_reservations_set_spare(struct usm_reservations *all, uint32_t run,
				uint64_t spare);

/* The least recently used one that has spare frames, or USM_RUN_NONE. */
uint32_t usm_reservations_oldest(const struct usm_reservations *all);

#endif /* USM_INSTANCE_POLICIES_ALLOC_RESERVATIONS_H */
