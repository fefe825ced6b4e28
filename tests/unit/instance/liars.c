/* SPDX-License-Identifier: MIT */
#include "liars.h"

#include <errno.h>
#include <stdlib.h>

struct liar {
	struct usm_arena *arena;
	uint32_t last;
	uint32_t calls;
};

static int alloc_init(struct usm_arena *arena, void **ctx)
{
	struct liar *liar = calloc(1, sizeof(*liar));

	if (!liar)
		return -ENOMEM;
	liar->arena = arena;
	*ctx = liar;
	return 0;
}

static void give(void *ctx, uint32_t frame)
{
	struct liar *liar = ctx;

	usm_arena_give(liar->arena, frame);
}

/* Every other frame twice. */
static uint32_t pick_twice(void *ctx, const struct usm_fault *fault)
{
	struct liar *liar = ctx;

	(void)fault;
	if (liar->calls++ % 2)
		return liar->last;
	liar->last = usm_arena_take_lowest(liar->arena);
	return liar->last;
}

/* Frames of others, and numbers that are none. */
static uint32_t pick_foreign(void *ctx, const struct usm_fault *fault)
{
	static const uint32_t foreign[] = { 0, 3, 1U << 31, UINT32_MAX - 1 };
	struct liar *liar = ctx;

	(void)fault;
	return foreign[liar->calls++ % 4];
}

/* None, ever. */
static uint32_t pick_none(void *ctx, const struct usm_fault *fault)
{
	(void)ctx;
	(void)fault;
	return USM_FRAME_NONE;
}

/* Puts what is in use, and what there is not, back into the arena. */
static uint32_t pick_forged(void *ctx, const struct usm_fault *fault)
{
	struct liar *liar = ctx;
	uint32_t nr = usm_arena_nr_runs(liar->arena);

	(void)fault;
	usm_arena_give(liar->arena, liar->last);
	usm_arena_run_give(liar->arena, liar->calls % (nr + 3), ~0ULL);
	usm_arena_run_take(liar->arena, liar->calls++ % (nr + 5), ~0ULL);
	liar->last = usm_arena_take_lowest(liar->arena);
	return liar->last;
}

/* Makes away with two frames for each that it gives out. */
static uint32_t pick_stolen(void *ctx, const struct usm_fault *fault)
{
	struct liar *liar = ctx;

	(void)fault;
	usm_arena_take_lowest(liar->arena);
	usm_arena_take_lowest(liar->arena);
	return usm_arena_take_lowest(liar->arena);
}

static uint32_t pick_right(void *ctx, const struct usm_fault *fault)
{
	struct liar *liar = ctx;

	(void)fault;
	return usm_arena_take_lowest(liar->arena);
}

/* Pages and frames for a range that are wrong in one way after the other. */
static bool range_wrong(void *ctx, const struct usm_fault *fault,
			uint32_t frame, struct usm_range_wish *wish)
{
	const struct usm_range_wish wrong[] = {
		{ fault->addr, frame + 1, 2, 1, 0, { 0 } },
		{ fault->vma_end, frame + 1, 2, 1, 0, { 0 } },
		{ fault->addr + 4096, frame, 1, 0, 0, { 0 } },
		{ fault->addr + 4096, 3, 2, 1, 0, { 0 } },
		{ fault->addr + 4096, UINT32_MAX - 1, 8, 1, 0, { 0 } },
		{ fault->addr + 4096, frame + 1, UINT32_MAX, 1, 0, { 0 } },
		{ fault->addr + 4096, frame + 1, 0, 0, 0, { 0 } },
		{ fault->addr + 8, frame + 1, 1, 0, 0, { 0 } },
		{ UINT64_MAX - 4095, frame + 1, 2, 1, 0, { 0 } },
		{ fault->addr + 4096, frame + 1, 1, 1000, 0, { 0 } },
	};
	struct liar *liar = ctx;

	*wish = wrong[liar->calls++ % (sizeof(wrong) / sizeof(wrong[0]))];
	return true;
}

/* Says it has written more counters than there is room for. */
static uint32_t boast(const void *ctx, struct usm_policy_stat *stats,
		      uint32_t nr)
{
	(void)ctx;
	(void)stats;
	return nr + 100;
}

#define LYING_ALLOC(a_name, a_pick)                                           \
	{                                                                     \
		USM_POLICY_HEAD(struct usm_alloc_policy),                     \
			.name = a_name, .summary = "wrong", .run_frames = 16, \
			.init = alloc_init, .fini = free, .pick = a_pick,     \
			.released = give, .stats = boast,                     \
	}

static const struct usm_alloc_policy allocs[] = {
	LYING_ALLOC("twice", pick_twice),
	LYING_ALLOC("foreign", pick_foreign),
	LYING_ALLOC("none", pick_none),
	LYING_ALLOC("forged", pick_forged),
	LYING_ALLOC("stolen", pick_stolen),
	{ USM_POLICY_HEAD(struct usm_alloc_policy), .name = "range",
	  .summary = "wrong", .run_frames = 16, .init = alloc_init,
	  .fini = free, .pick = pick_right, .released = give,
	  .range = range_wrong },
};

const struct usm_alloc_policy *const liar_allocs[] = {
	&allocs[0], &allocs[1], &allocs[2], &allocs[3], &allocs[4], NULL,
};

static int evict_init(uint32_t nr_frames, void **ctx)
{
	(void)nr_frames;
	return alloc_init(NULL, ctx);
}

static void placed(void *ctx, uint32_t frame, uint64_t page)
{
	struct liar *liar = ctx;

	(void)page;
	liar->last = frame;
}

static void removed(void *ctx, uint32_t frame)
{
	(void)ctx;
	(void)frame;
}

/* As many as asked for, and some more, of any kind. */
static uint32_t upcoming(const void *ctx, uint32_t *frames, uint32_t nr)
{
	const struct liar *liar = ctx;
	uint32_t i;

	for (i = 0; i < nr; i++)
		frames[i] = i % 3 ? liar->last : UINT32_MAX - i;
	return nr + 100;
}

/* What holds nothing, or is no frame. */
static uint32_t choose_absent(void *ctx, uint32_t look, bool any,
			      uint32_t *victims, uint32_t nr)
{
	uint32_t i;

	(void)ctx;
	(void)look;
	(void)any;
	for (i = 0; i < nr; i++)
		victims[i] = i % 2 ? UINT32_MAX - i : i;
	return nr;
}

/* The same one again and again, and more than there is room for. */
static uint32_t choose_twice(void *ctx, uint32_t look, bool any,
			     uint32_t *victims, uint32_t nr)
{
	struct liar *liar = ctx;
	uint32_t i;

	(void)look;
	(void)any;
	for (i = 0; i < nr; i++)
		victims[i] = liar->last;
	return nr + 7;
}

/* None, ever. */
static uint32_t choose_none(void *ctx, uint32_t look, bool any,
			    uint32_t *victims, uint32_t nr)
{
	(void)ctx;
	(void)look;
	(void)any;
	(void)victims;
	(void)nr;
	return 0;
}

#define LYING_EVICT(a_name, a_choose)                                       \
	{                                                                   \
		USM_POLICY_HEAD(struct usm_evict_policy),                   \
			.name = a_name, .summary = "wrong",                 \
			.init = evict_init, .fini = free, .placed = placed, \
			.removed = removed, .upcoming = upcoming,           \
			.choose = a_choose, .stats = boast,                 \
	}

static const struct usm_evict_policy evicts[] = {
	LYING_EVICT("absent", choose_absent),
	LYING_EVICT("twice", choose_twice),
	LYING_EVICT("none", choose_none),
};

const struct usm_evict_policy *const liar_evicts[] = {
	&evicts[0],
	&evicts[1],
	&evicts[2],
	NULL,
};
