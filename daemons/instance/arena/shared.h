/* SPDX-License-Identifier: MIT */
/*
 * shared.h - sArena: the frames of an instance that no worker has, and which
 * worker has the others.
 *
 * Every frame of the partition has one owner at a time: a worker, the reserve
 * in here, or nobody (somebody used it before this daemon started, and it has
 * not come home yet).  A worker keeps a frame while a member uses it, and gets
 * it back when it is freed: the books of a frame are changed by its owner's
 * thread alone, and only a free frame changes hands, through here.  So neither
 * two workers nor a reserve and a worker can have the same frame in stock, and
 * a policy's reservations stay whole.
 *
 * The reserve is a word per aligned run of 64 frames, taken from with one
 * atomic and, given to with one atomic or; nothing can be lost between two
 * words, and there is no pointer that could come back as another (ABA).  Runs
 * that are wholly free and runs that are free in part are found by hints.h.
 *
 * Lock-free.  Everything but create, destroy and swap may be called by any
 * thread at any time; a worker index is the caller's own.
 */
#ifndef USM_INSTANCE_ARENA_SHARED_H
#define USM_INSTANCE_ARENA_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

/* Frames in a run of the reserve: a word of bits, aligned to itself. */
#define USM_SHARED_RUN_FRAMES 64U

/* Owners that are no worker. */
#define USM_OWNER_RESERVE 0xffU
#define USM_OWNER_NOBODY 0xfeU

/* What a worker had rather: whole runs, or frames whose run is broken. */
enum usm_shared_want {
	USM_WANT_RUNS,
	USM_WANT_SCRAPS,
};

/* Frames of one run: bit i is frame first + i. */
struct usm_shared_run {
	uint32_t first;
	uint64_t frames;
};

struct usm_shared_arena;

/*
 * An empty reserve over the frames of `extents`; all of them are nobody's.
 * *out belongs to the caller.  EINVAL: no frames, or extents that overlap;
 * ENOMEM.
 */
int usm_shared_arena_create(const struct usm_extent *extents,
			    unsigned int nr_extents,
			    struct usm_shared_arena **out);

/* Frees it; NULL is fine. */
void usm_shared_arena_destroy(struct usm_shared_arena *shared);

/* Each becomes what the other was.  Nobody else may use them meanwhile. */
void usm_shared_arena_swap(struct usm_shared_arena *a,
			   struct usm_shared_arena *b);

/*
 * Frames in the reserve: never fewer than can be had, for a moment more while
 * some are being given.  One load.
 */
uint32_t usm_shared_arena_nr_free(const struct usm_shared_arena *shared);

/*
 * The worker that owns a frame, USM_OWNER_RESERVE or USM_OWNER_NOBODY; the
 * last also for frames outside the extents.
 */
unsigned int usm_shared_arena_owner(const struct usm_shared_arena *shared,
				    uint32_t frame);

/*
 * A frame of nobody's turned out to be free: it goes into the reserve.  EPERM:
 * outside the extents; EEXIST: it has an owner.
 */
int usm_shared_arena_add(struct usm_shared_arena *shared, uint32_t frame);

/*
 * A frame of nobody's is this worker's from here on, and in use.  Errors as
 * above.
 */
int usm_shared_arena_claim(struct usm_shared_arena *shared, unsigned int worker,
			   uint32_t frame);

/*
 * Takes up to max (1 to 64) frames of one run for a worker: of a run of the
 * kind it wants if there is one, of the other kind if not.  Returns how many;
 * 0: the reserve is empty.
 */
uint32_t usm_shared_arena_take(struct usm_shared_arena *shared,
			       unsigned int worker, enum usm_shared_want want,
			       uint32_t max, struct usm_shared_run *out);

/*
 * Takes nr (a power of two up to 64) frames in a row, aligned to nr, for a
 * worker: from a run that is broken already if one of the first few has them,
 * else from a whole one.  The first frame, or USM_FRAME_NONE.
 */
uint32_t usm_shared_arena_take_aligned(struct usm_shared_arena *shared,
				       unsigned int worker, uint32_t nr);

/*
 * Frames of a run, free in the books of the worker that owns them, go into the
 * reserve.  Returns those it takes: what the worker does not own, because it
 * gave it back before or never had it, is refused.
 */
uint64_t usm_shared_arena_give(struct usm_shared_arena *shared,
			       unsigned int worker,
			       const struct usm_shared_run *run);

#endif /* USM_INSTANCE_ARENA_SHARED_H */
