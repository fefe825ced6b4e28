/* SPDX-License-Identifier: MIT */
/*
 * arena.h - the frames an instance may answer the next fault with.
 *
 * Kept as one bit per frame of the partition's span, plus two searchable sets
 * over aligned runs of `run_frames` frames: runs that are wholly free, and
 * runs that are free in part ("scraps").  Lowest frame, whole run and scrap
 * are all found in O(1), whatever the size of the partition.
 *
 * Frames are pool frame numbers throughout, so that neighbours here are
 * neighbours in physical memory.  Belongs to one worker: no locks, one thread.
 */
#ifndef USM_INSTANCE_ARENA_ARENA_H
#define USM_INSTANCE_ARENA_ARENA_H

#include <stdint.h>

#include "usm.h"
#include "usm_policy.h"

/*
 * An arena that owns the frames of `extents` (copied) and has none of them
 * free yet.  run_frames: a power of two up to USM_RUN_FRAMES_MAX.  *out
 * belongs to the caller.  EINVAL: no frames, overlapping extents, a bad
 * run_frames; ENOMEM.
 */
int usm_arena_create(const struct usm_extent *extents, unsigned int nr_extents,
		     uint32_t run_frames, struct usm_arena **out);

/* Frees it; NULL is fine. */
void usm_arena_destroy(struct usm_arena *arena);

/* What else it does policies may use too: see usm_policy.h. */

/*
 * The span in words of 64 frames, as the shared arena counts its runs: the
 * first frame of a word, and which of its frames are free.
 */
uint32_t usm_arena_nr_words(const struct usm_arena *arena);
uint32_t usm_arena_word_first(const struct usm_arena *arena, uint32_t word);
uint64_t usm_arena_word_free(const struct usm_arena *arena, uint32_t word);

/* Frames of the word that begins with `first` are owned from now on, not free. */
void usm_arena_own(struct usm_arena *arena, uint32_t first, uint64_t frames);

/* They are not any more, free or not. */
void usm_arena_disown(struct usm_arena *arena, uint32_t first, uint64_t frames);

/* No frame is. */
void usm_arena_disown_all(struct usm_arena *arena);

/* It owns what `other`, of the same extents, does; nothing is free yet. */
void usm_arena_own_same(struct usm_arena *arena, const struct usm_arena *other);

#endif /* USM_INSTANCE_ARENA_ARENA_H */
