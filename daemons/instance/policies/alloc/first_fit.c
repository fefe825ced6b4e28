/* SPDX-License-Identifier: MIT */
/*
 * first-fit: the lowest free frame.
 *
 * No state of its own: the arena is the context.  Keeps the partition packed
 * at its low end, so that a later shrink finds the high end empty.
 */
#include "instance/policies/alloc/registry.h"

static int first_fit_init(struct usm_arena *arena, void **ctx)
{
	*ctx = arena;
	return 0;
}

static void first_fit_fini(void *ctx)
{
	(void)ctx; /* the arena belongs to the worker */
}

static uint32_t first_fit_pick(void *ctx, const struct usm_fault *fault)
{
	(void)fault; /* every fault gets the same answer */
	return usm_arena_take_lowest(ctx);
}

static void first_fit_released(void *ctx, uint32_t frame)
{
	usm_arena_give(ctx, frame);
}

const struct usm_alloc_policy usm_alloc_first_fit = {
	USM_POLICY_HEAD(struct usm_alloc_policy),
	.name = "first-fit",
	.summary = "the lowest free frame",
	.run_frames = USM_RUN_FRAMES_MAX,
	.init = first_fit_init,
	.fini = first_fit_fini,
	.pick = first_fit_pick,
	.released = first_fit_released,
};
