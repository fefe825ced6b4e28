/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/* turns: frames give up their pages in turn, whatever is in them. */
#include <errno.h>
#include <stdlib.h>
#include "usm_policy.h"

struct turns {
	uint32_t nr_frames, next;
	bool holds[]; /* by frame: a page */
};

static int turns_init(uint32_t nr_frames, void **ctx)
{
	struct turns *turns = calloc(1, sizeof(*turns) + nr_frames);

	if (!turns)
		return -ENOMEM;
	turns->nr_frames = nr_frames;
	*ctx = turns;
	return 0;
}

static void turns_placed(void *ctx, uint32_t frame, uint64_t page)
{
	((struct turns *)ctx)->holds[frame] = page != 0;
}

static void turns_removed(void *ctx, uint32_t frame)
{
	((struct turns *)ctx)->holds[frame] = false;
}

static uint32_t turns_choose(void *ctx, uint32_t look, bool any,
			     uint32_t *victims, uint32_t nr)
{
	struct turns *turns = ctx;
	uint32_t chosen = 0, left = any ? turns->nr_frames : look;

	for (; left && chosen < nr; left--) {
		uint32_t frame = turns->next++ % turns->nr_frames;

		if (turns->holds[frame])
			victims[chosen++] = frame;
		turns->holds[frame] = false; /* a victim is as removed */
	}
	return chosen;
}

static const struct usm_evict_policy turns_policy = {
	USM_POLICY_HEAD(struct usm_evict_policy),
	.name = "turns",
	.summary = "frames in turn",
	.init = turns_init,
	.fini = free,
	.placed = turns_placed,
	.removed = turns_removed,
	.choose = turns_choose,
};
USM_REGISTER_EVICT_POLICY(turns_policy)
