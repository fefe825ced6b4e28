/* SPDX-License-Identifier: MIT */
/*
 * sieve: pages stay where they came in, a hand goes over them from old to new;
 * what was used since it last came by stays once more, the others go.
 *
 * Unlike clock's, the hand goes on from where it took the last one, past what
 * has proved itself, into what is new: a page that is used once goes soon, and
 * those in use are not carried around.  Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson,
 * K. V. Rashmi, "SIEVE is Simpler than LRU: an Efficient Turn-Key Eviction
 * Algorithm for Web Caches", NSDI 2024.
 */
#include <errno.h>
#include <stdlib.h>

#include "instance/policies/evict/fresh.h"
#include "instance/policies/evict/list.h"
#include "instance/policies/evict/registry.h"

enum {
	LISTED = 1, /* holds a page */
	USED = 2, /* was used since the hand last came by */
};

struct sieve {
	uint32_t nr_frames;
	uint32_t hand; /* passed next, or USM_FRAME_NONE: the oldest */
	struct usm_frame_list list; /* in order of placing */
	struct usm_frame_link *links; /* [nr_frames] */
	uint8_t *state; /* [nr_frames] */
	struct usm_fresh fresh;
};

static void sieve_fini(void *ctx)
{
	struct sieve *sieve = ctx;

	if (!sieve)
		return;
	usm_fresh_fini(&sieve->fresh);
	free(sieve->links);
	free(sieve->state);
	free(sieve);
}

static int sieve_init(uint32_t nr_frames, void **ctx)
{
	struct sieve *sieve = calloc(1, sizeof(*sieve));
	size_t room = nr_frames ? nr_frames : 1;

	if (!sieve)
		return -ENOMEM;
	sieve->nr_frames = nr_frames;
	sieve->hand = USM_FRAME_NONE;
	sieve->links = calloc(room, sizeof(*sieve->links));
	sieve->state = calloc(room, sizeof(*sieve->state));
	if (!sieve->links || !sieve->state ||
	    usm_fresh_init(&sieve->fresh, nr_frames)) {
		sieve_fini(sieve);
		return -ENOMEM;
	}
	*ctx = sieve;
	return 0;
}

static void sieve_placed(void *ctx, uint32_t frame, uint64_t page)
{
	struct sieve *sieve = ctx;

	(void)page; /* it has to prove itself anew */
	if (frame >= sieve->nr_frames || sieve->state[frame])
		return;
	usm_frame_list_add(&sieve->list, sieve->links, frame);
	sieve->state[frame] = LISTED;
	usm_fresh_add(&sieve->fresh, frame);
}

static void sieve_removed(void *ctx, uint32_t frame)
{
	struct sieve *sieve = ctx;

	if (frame >= sieve->nr_frames || !sieve->state[frame])
		return;
	if (sieve->hand == frame)
		sieve->hand = usm_frame_list_newer(sieve->links, frame);
	usm_frame_list_take(&sieve->list, sieve->links, frame);
	usm_fresh_remove(&sieve->fresh, frame);
	sieve->state[frame] = 0;
}

static void sieve_accessed(void *ctx, uint32_t frame)
{
	struct sieve *sieve = ctx;

	if (frame >= sieve->nr_frames || !sieve->state[frame])
		return;
	if (usm_fresh_used(&sieve->fresh, frame))
		sieve->state[frame] |= USED;
}

/* The hand goes from old to new, and on at the oldest. */
static uint32_t at_hand(const struct sieve *sieve, uint32_t hand)
{
	return hand != USM_FRAME_NONE ? hand
				      : usm_frame_list_oldest(&sieve->list);
}

static uint32_t sieve_upcoming(const void *ctx, uint32_t *frames, uint32_t nr)
{
	const struct sieve *sieve = ctx;
	uint32_t hand = sieve->hand, named;

	if (nr > sieve->list.nr)
		nr = sieve->list.nr;
	for (named = usm_fresh_copy(&sieve->fresh, frames, nr); named < nr;
	     named++) {
		frames[named] = at_hand(sieve, hand);
		hand = usm_frame_list_newer(sieve->links, frames[named]);
	}
	return named;
}

static uint32_t sieve_choose(void *ctx, uint32_t look, bool any,
			     uint32_t *victims, uint32_t nr)
{
	struct sieve *sieve = ctx;
	uint32_t chosen = 0;

	if (look > sieve->list.nr)
		look = sieve->list.nr;
	if (!any)
		look -= usm_fresh_looked(&sieve->fresh, look);
	while (look-- && chosen < nr) {
		uint32_t frame = at_hand(sieve, sieve->hand);

		if (sieve->state[frame] & USED && !any) {
			sieve->state[frame] &= (uint8_t)~USED;
			sieve->hand = usm_frame_list_newer(sieve->links, frame);
			continue;
		}
		sieve->hand = frame;
		sieve_removed(sieve, frame);
		victims[chosen++] = frame;
	}
	return chosen;
}

const struct usm_evict_policy usm_evict_sieve = {
	USM_POLICY_HEAD(struct usm_evict_policy),
	.name = "sieve",
	.summary = "what was not used again before the hand came",
	.init = sieve_init,
	.fini = sieve_fini,
	.placed = sieve_placed,
	.removed = sieve_removed,
	.accessed = sieve_accessed,
	.upcoming = sieve_upcoming,
	.choose = sieve_choose,
};
