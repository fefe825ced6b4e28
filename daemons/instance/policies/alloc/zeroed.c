/* SPDX-License-Identifier: MIT */
/*
 * zeroed: the lowest free frame, and a magazine of zeroed ones for everybody.
 *
 * Zeroing is most of what a first touch costs.  Workers do it while they have
 * nothing else to do; a member that touches new memory then neither asks nor
 * waits for it.  What is not wanted ahead stays in stock, and frames are taken
 * from the low end while they are zeroed from the high end, so that what was
 * zeroed is not given to who has no use for it.
 */
#include <errno.h>
#include <stdlib.h>

#include "instance/policies/alloc/number.h"
#include "instance/policies/alloc/registry.h"

/* A few milliseconds of the fastest member. */
#define ZEROED_DEPTH 256U

/* 16 MiB: as many as several members use up before the worker is idle again. */
#define ZEROED_READY 4096U
#define ZEROED_READY_MAX (1U << 30)

struct zeroed {
	struct usm_arena *arena;
	uint32_t depth;
	uint32_t ready;
};

static int zeroed_init(struct usm_arena *arena, void **ctx)
{
	struct zeroed *zeroed = calloc(1, sizeof(*zeroed));

	if (!zeroed)
		return -ENOMEM;
	*zeroed = (struct zeroed){
		.arena = arena,
		.depth = ZEROED_DEPTH,
		.ready = ZEROED_READY,
	};
	*ctx = zeroed;
	return 0;
}

static uint32_t zeroed_pick(void *ctx, const struct usm_fault *fault)
{
	const struct zeroed *zeroed = ctx;

	(void)fault; /* every fault gets the same answer */
	return usm_arena_take_lowest(zeroed->arena);
}

static void zeroed_released(void *ctx, uint32_t frame)
{
	const struct zeroed *zeroed = ctx;

	usm_arena_give(zeroed->arena, frame);
}

static const struct usm_alloc_number zeroed_options[] = {
	{ "depth", 1, USM_MAGAZINE_MAX, offsetof(struct zeroed, depth),
	  "frames of a magazine, 1 to 1024" },
	{ "ready", 0, ZEROED_READY_MAX, offsetof(struct zeroed, ready),
	  "frames kept zeroed, 0 to 1073741824" },
	{ 0 },
};

static int zeroed_config(void *ctx, const char *key, const char *value,
			 const char **why)
{
	return usm_alloc_number_set(zeroed_options, ctx, key, value, why);
}

static void zeroed_magazine(const void *ctx, struct usm_magazine_wish *wish)
{
	const struct zeroed *zeroed = ctx;

	wish->depth = zeroed->depth;
	wish->zeroed = zeroed->ready;
}

const struct usm_alloc_policy usm_alloc_zeroed = {
	USM_POLICY_HEAD(struct usm_alloc_policy),
	.name = "zeroed",
	.summary = "the lowest free frame; zeroed ones are given ahead",
	.run_frames = USM_RUN_FRAMES_MAX,
	.init = zeroed_init,
	.fini = free,
	.pick = zeroed_pick,
	.released = zeroed_released,
	.config = zeroed_config,
	.magazine = zeroed_magazine,
};
