/* SPDX-License-Identifier: MIT */
/*
 * alloc.h - the lowest free frame, until something goes wrong.  Included once
 * by each bad policy, which says what in go_wrong().
 */
#ifndef USM_VM_POLICIES_ALLOC_H
#define USM_VM_POLICIES_ALLOC_H

#include <errno.h>
#include <stdlib.h>

#include "usm_policy.h"

/* Enough that its tenant has memory of the partition by then. */
#define GOOD_PICKS 300

struct bad {
	struct usm_arena *arena;
	uint32_t picks;
	uint32_t last; /* frame */
};

/* The frame for the answer in place of the right one. */
static uint32_t go_wrong(struct bad *bad);

static int bad_init(struct usm_arena *arena, void **ctx)
{
	struct bad *bad = calloc(1, sizeof(*bad));

	if (!bad)
		return -ENOMEM;
	bad->arena = arena;
	*ctx = bad;
	return 0;
}

static uint32_t bad_pick(void *ctx, const struct usm_fault *fault)
{
	struct bad *bad = ctx;

	(void)fault;
	if (bad->picks++ >= GOOD_PICKS)
		return go_wrong(bad);
	bad->last = usm_arena_take_lowest(bad->arena);
	return bad->last;
}

static void bad_released(void *ctx, uint32_t frame)
{
	struct bad *bad = ctx;

	usm_arena_give(bad->arena, frame);
}

#define BAD_ALLOC_POLICY(its_name)                         \
	static const struct usm_alloc_policy policy = {    \
		USM_POLICY_HEAD(struct usm_alloc_policy),  \
		.name = its_name,                          \
		.summary = "goes wrong after some faults", \
		.run_frames = 64,                          \
		.init = bad_init,                          \
		.fini = free,                              \
		.pick = bad_pick,                          \
		.released = bad_released,                  \
	};                                                 \
	USM_REGISTER_ALLOC_POLICY(policy)

#endif /* USM_VM_POLICIES_ALLOC_H */
