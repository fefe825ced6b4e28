/* SPDX-License-Identifier: MIT */
/*
 * lru: what was not used for longest goes first.
 *
 * A list in order of the last use that was seen.  Uses are seen only where
 * accessed bits are looked at, so this approximates least recently used as well
 * as it looks often: a look goes half to the oldest pages, about which a
 * decision is due, and half to a hand that goes round over all others from new
 * to old, so that a page in use is found in use long before it becomes one of
 * the oldest.  (Looking at the oldest alone would be a second chance, clock.)
 * Pages found used by the same look count as used in the order it asked.
 */
#include <errno.h>
#include <stdlib.h>

#include "instance/policies/evict/list.h"
#include "instance/policies/evict/registry.h"

enum {
	LISTED = 1, /* holds a page */
	USED = 2, /* was used since it was moved last */
};

struct lru {
	uint32_t nr_frames;
	uint32_t hand; /* looked at next, or USM_FRAME_NONE: the newest */
	struct usm_frame_list list; /* by last use */
	struct usm_frame_link *links; /* [nr_frames] */
	uint8_t *state; /* [nr_frames] */
};

static void lru_fini(void *ctx)
{
	struct lru *lru = ctx;

	if (!lru)
		return;
	free(lru->links);
	free(lru->state);
	free(lru);
}

static int lru_init(uint32_t nr_frames, void **ctx)
{
	struct lru *lru = calloc(1, sizeof(*lru));
	size_t room = nr_frames ? nr_frames : 1;

	if (!lru)
		return -ENOMEM;
	lru->nr_frames = nr_frames;
	lru->hand = USM_FRAME_NONE;
	lru->links = calloc(room, sizeof(*lru->links));
	lru->state = calloc(room, sizeof(*lru->state));
	if (!lru->links || !lru->state) {
		lru_fini(lru);
		return -ENOMEM;
	}
	*ctx = lru;
	return 0;
}

static void take(struct lru *lru, uint32_t frame)
{
	if (lru->hand == frame)
		lru->hand = usm_frame_list_older(lru->links, frame);
	usm_frame_list_take(&lru->list, lru->links, frame);
	lru->state[frame] = 0;
}

static void add(struct lru *lru, uint32_t frame)
{
	usm_frame_list_add(&lru->list, lru->links, frame);
	lru->state[frame] = LISTED;
}

static void lru_placed(void *ctx, uint32_t frame, uint64_t page)
{
	struct lru *lru = ctx;

	(void)page; /* what it did before it went out is long ago */
	if (frame >= lru->nr_frames)
		return;
	if (lru->state[frame])
		take(lru, frame);
	add(lru, frame);
}

static void lru_removed(void *ctx, uint32_t frame)
{
	struct lru *lru = ctx;

	if (frame < lru->nr_frames && lru->state[frame])
		take(lru, frame);
}

static void lru_accessed(void *ctx, uint32_t frame)
{
	struct lru *lru = ctx;

	if (frame < lru->nr_frames && lru->state[frame])
		lru->state[frame] |= USED;
}

/* Of a look at so many frames, how many are the hand's. */
static uint32_t share_of_hand(const struct lru *lru, uint32_t look)
{
	return look < lru->list.nr ? look / 2 : 0;
}

/* The hand goes from new to old, and on at the newest. */
static uint32_t at_hand(const struct lru *lru, uint32_t hand)
{
	return hand != USM_FRAME_NONE ? hand
				      : usm_frame_list_newest(&lru->list);
}

static uint32_t lru_upcoming(const void *ctx, uint32_t *frames, uint32_t nr)
{
	const struct lru *lru = ctx;
	uint32_t share = share_of_hand(lru, nr), hand = lru->hand, i;
	uint32_t named =
		usm_frame_list_copy(&lru->list, lru->links, frames, nr - share);

	for (i = 0; i < share; i++) {
		frames[named] = at_hand(lru, hand);
		hand = usm_frame_list_older(lru->links, frames[named++]);
	}
	return named;
}

/* What the hand passes and was used becomes the newest. */
static void move_hand(struct lru *lru, uint32_t steps)
{
	while (steps--) {
		uint32_t frame = at_hand(lru, lru->hand);

		lru->hand = usm_frame_list_older(lru->links, frame);
		if (!(lru->state[frame] & USED))
			continue;
		take(lru, frame);
		add(lru, frame);
	}
}

static uint32_t lru_choose(void *ctx, uint32_t look, bool any,
			   uint32_t *victims, uint32_t nr)
{
	struct lru *lru = ctx;
	uint32_t chosen = 0, frame, newer, left;

	if (look > lru->list.nr)
		look = lru->list.nr;
	left = look - (any ? 0 : share_of_hand(lru, look));
	if (!any)
		move_hand(lru, look - left);
	/* All that was looked at, so that uses count when they were seen. */
	for (frame = usm_frame_list_oldest(&lru->list); left--; frame = newer) {
		newer = usm_frame_list_newer(lru->links, frame);
		if (lru->state[frame] & USED && !any) {
			take(lru, frame);
			add(lru, frame);
		} else if (chosen < nr) {
			take(lru, frame);
			victims[chosen++] = frame;
		} else if (any) {
			break;
		}
	}
	return chosen;
}

const struct usm_evict_policy usm_evict_lru = {
	USM_POLICY_HEAD(struct usm_evict_policy),
	.name = "lru",
	.summary = "what was not used for longest",
	.init = lru_init,
	.fini = lru_fini,
	.placed = lru_placed,
	.removed = lru_removed,
	.accessed = lru_accessed,
	.upcoming = lru_upcoming,
	.choose = lru_choose,
};
