/* SPDX-License-Identifier: MIT */
/*
 * frames.h - the kernel's record of frames, as far as race programs need it:
 * one lock over everything, as simple as can be.
 */
#ifndef USM_TESTS_RACE_FRAMES_H
#define USM_TESTS_RACE_FRAMES_H

#include <pthread.h>
#include <stdint.h>

#include "usm.h"

#define RACE_FRAMES_MAX 512U

/* Where the pool begins in physical memory: anywhere. */
#define RACE_BASE_PFN 4096U

struct race_frames {
	pthread_mutex_t lock; /* also over what a program keeps beside it */
	uint32_t first;
	uint32_t nr;
	uint32_t have; /* of them, from the first on; the others leave */
	uint8_t state[RACE_FRAMES_MAX]; /* USM_FRAME_*, from frame .first on */
	uint32_t home[RACE_FRAMES_MAX]; /* not read yet */
	uint32_t nr_home;
};

/* All are FREE. */
void race_frames_init(struct race_frames *frames, uint32_t first, uint32_t nr);

/*
 * With the lock held: the frame's state; its last user is gone; it is free, and
 * leaves now if it is to leave.
 */
uint8_t *race_frames_state(struct race_frames *frames, uint32_t frame);
void race_frames_come_home(struct race_frames *frames, uint32_t frame);
void race_frames_set_free(struct race_frames *frames, uint32_t frame);

/*
 * With the lock held: a FREE frame is MAPPED from now on.  0 for no frame, too;
 * EPERM: it is no frame of ours, EBUSY: it is not FREE.
 */
int race_frames_use(struct race_frames *frames, uint32_t frame);

/* It was MAPPED, and its last user is gone. */
void race_frames_let_go(struct race_frames *frames, uint32_t frame);

/* As of struct usm_kernel; ctx is the record.  A scan finds nothing. */
int race_frames_scan(void *ctx, uint32_t *found);
int race_frames_list(void *ctx, uint32_t first, struct usm_frame_info *out,
		     uint32_t *nr);
int race_frames_read_freed(void *ctx, uint64_t *pfns, uint32_t *nr);
int race_frames_extents(void *ctx, struct usm_extents *out);

#endif /* USM_TESTS_RACE_FRAMES_H */
