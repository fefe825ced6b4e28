/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * warm: the frame that came home last, since it may still be in the cache.
 *
 *	gcc -shared -fPIC -O2 -Wall -I api -o warm.so policy_alloc_warm.c
 */
#include <errno.h>
#include <stdlib.h>

#include "usm_policy.h"

#define DEPTH 256 /* frames: 1 MiB, what stays in a cache of that order */

struct warm {
	struct usm_arena *arena; /* where all other free frames are */
	uint32_t nr, frame[DEPTH]; /* a stack of the last ones */
};

static int warm_init(struct usm_arena *arena, void **ctx)
{
	struct warm *warm = calloc(1, sizeof(*warm));

	if (!warm)
		return -ENOMEM;
	warm->arena = arena;
	*ctx = warm;
	return 0;
}

static uint32_t warm_pick(void *ctx, const struct usm_fault *fault)
{
	struct warm *warm = ctx;

	(void)fault; /* every fault gets the same answer */
	return warm->nr ? warm->frame[--warm->nr]
			: usm_arena_take_lowest(warm->arena);
}

static void warm_released(void *ctx, uint32_t frame)
{
	struct warm *warm = ctx;

	if (warm->nr < DEPTH)
		warm->frame[warm->nr++] = frame;
	else
		usm_arena_give(warm->arena, frame);
}

static const struct usm_alloc_policy warm_policy = {
	USM_POLICY_HEAD(struct usm_alloc_policy),
	.name = "warm",
	.summary = "the frame that came home last",
	.run_frames = 64,
	.init = warm_init,
	.fini = free,
	.pick = warm_pick,
	.released = warm_released,
};
USM_REGISTER_ALLOC_POLICY(warm_policy)
