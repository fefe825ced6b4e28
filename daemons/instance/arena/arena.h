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

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

/* A run's free mask is one machine word. */
#define USM_RUN_FRAMES_MAX 64U

struct usm_arena;

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

/* Frames it owns, frames free now, frames in a run. */
uint32_t usm_arena_nr_owned(const struct usm_arena *arena);
uint32_t usm_arena_nr_free(const struct usm_arena *arena);
uint32_t usm_arena_run_frames(const struct usm_arena *arena);

/* Is it part of the partition; is it free?  Any frame number may be asked. */
bool usm_arena_owns(const struct usm_arena *arena, uint32_t frame);
bool usm_arena_is_free(const struct usm_arena *arena, uint32_t frame);

/* Adds a free frame.  EPERM: not owned; EEXIST: free already. */
int usm_arena_give(struct usm_arena *arena, uint32_t frame);

/* Takes this frame if it is free; false when it is not. */
bool usm_arena_take(struct usm_arena *arena, uint32_t frame);

/* Takes the lowest free frame; USM_FRAME_NONE when there is none. */
uint32_t usm_arena_take_lowest(struct usm_arena *arena);

/*
 * Takes a free frame whose run is broken already, so that whole runs last
 * longer; USM_FRAME_NONE when only whole runs (or nothing) are left.
 */
uint32_t usm_arena_take_scrap(struct usm_arena *arena);

/* First frame of the lowest wholly free run, not taken; USM_FRAME_NONE. */
uint32_t usm_arena_find_run(const struct usm_arena *arena);

/*
 * Runs by number.  A frame must be owned to be asked for its run; a run number
 * must be below usm_arena_nr_runs.
 */
uint32_t usm_arena_nr_runs(const struct usm_arena *arena);
uint32_t usm_arena_run_of(const struct usm_arena *arena, uint32_t frame);
uint32_t usm_arena_run_first(const struct usm_arena *arena, uint32_t run);
bool usm_arena_run_is_whole(const struct usm_arena *arena, uint32_t run);

/* Bit i: frame i of the run is free. */
uint64_t usm_arena_run_free(const struct usm_arena *arena, uint32_t run);

/* Takes the frames of `mask`, every one of which must be free. */
void usm_arena_run_take(struct usm_arena *arena, uint32_t run, uint64_t mask);

/* Adds the frames of `mask`, every one owned and not free. */
void usm_arena_run_give(struct usm_arena *arena, uint32_t run, uint64_t mask);

#endif /* USM_INSTANCE_ARENA_ARENA_H */
