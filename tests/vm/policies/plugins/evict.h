/* SPDX-License-Identifier: MIT */
/*
 * evict.h - passes over frames in order, until something goes wrong.  Included
 * once by each bad policy, which says what in go_wrong().
 */
#ifndef USM_VM_POLICIES_EVICT_H
#define USM_VM_POLICIES_EVICT_H

#include <errno.h>
#include <stdlib.h>

#include "usm_policy.h"

/* Enough that pages are out by then. */
#define GOOD_CHOICES 20

struct bad {
	uint32_t nr, hand, choices;
	bool holds[]; /* by frame */
};

/* Writes wrong victims. */
static uint32_t go_wrong(struct bad *bad, uint32_t *victims, uint32_t nr);

static int bad_init(uint32_t nr_frames, void **ctx)
{
	struct bad *bad = calloc(1, sizeof(*bad) + nr_frames);

	if (!bad)
		return -ENOMEM;
	bad->nr = nr_frames;
	*ctx = bad;
	return 0;
}

static void bad_placed(void *ctx, uint32_t frame, uint64_t page)
{
	struct bad *bad = ctx;

	(void)page;
	bad->holds[frame] = true;
}

static void bad_removed(void *ctx, uint32_t frame)
{
	struct bad *bad = ctx;

	bad->holds[frame] = false;
}

static uint32_t bad_choose(void *ctx, uint32_t look, bool any,
			   uint32_t *victims, uint32_t nr)
{
	struct bad *bad = ctx;
	uint32_t i, chosen = 0;

	(void)look;
	(void)any;
	if (bad->choices++ >= GOOD_CHOICES)
		return go_wrong(bad, victims, nr);
	for (i = 0; i < bad->nr && chosen < nr; i++) {
		bad->hand = (bad->hand + 1) % bad->nr;
		if (!bad->holds[bad->hand])
			continue;
		bad->holds[bad->hand] = false;
		victims[chosen++] = bad->hand;
	}
	return chosen;
}

#define BAD_EVICT_POLICY(its_name)                          \
	static const struct usm_evict_policy policy = {     \
		USM_POLICY_HEAD(struct usm_evict_policy),   \
		.name = its_name,                           \
		.summary = "goes wrong after some batches", \
		.init = bad_init,                           \
		.fini = free,                               \
		.placed = bad_placed,                       \
		.removed = bad_removed,                     \
		.choose = bad_choose,                       \
	};                                                  \
	USM_REGISTER_EVICT_POLICY(policy)

#endif /* USM_VM_POLICIES_EVICT_H */
