/* SPDX-License-Identifier: MIT */
/*
 * s3-fifo: three queues.  New pages come into a small one and leave it soon;
 * those that were used meanwhile go to the main one, where they stay as long as
 * they are used; of those that were not, the names are kept for a while, and
 * who comes back in that time belongs to the main queue at once.
 *
 * A scan that uses each page once thus runs through a tenth of the memory and
 * leaves the rest alone.  J. Yang, Y. Zhang, Z. Qiu, Y. Yue, K. V. Rashmi, "FIFO
 * queues are all you need for cache eviction", SOSP 2023.  Two things differ
 * because pages have one accessed bit and nobody sees hits: a frequency counts
 * looks that found the page in use, and one such look is enough to leave the
 * small queue for the main one.
 */
#include <errno.h>
#include <stdlib.h>

#include "instance/policies/evict/fresh.h"
#include "instance/policies/evict/ghost.h"
#include "instance/policies/evict/list.h"
#include "instance/policies/evict/registry.h"

/* The share of the small queue, and the most a frequency counts: the paper's. */
#define SMALL_DIVISOR 10U
#define USES_MAX 3U

enum queue {
	NOWHERE,
	SMALL,
	MAIN,
	NR_QUEUES
};

struct frame {
	uint64_t page;
	uint8_t queue; /* enum queue */
	uint8_t uses;
};

struct s3_fifo {
	uint32_t nr_frames;
	uint32_t nr_present;
	struct usm_frame_list queues[NR_QUEUES];
	struct usm_frame_link *links; /* [nr_frames] */
	struct frame *frames; /* [nr_frames] */
	struct usm_fresh fresh;
	struct usm_ghost ghost;
};

static void s3_fifo_fini(void *ctx)
{
	struct s3_fifo *s3 = ctx;

	if (!s3)
		return;
	usm_ghost_fini(&s3->ghost);
	usm_fresh_fini(&s3->fresh);
	free(s3->links);
	free(s3->frames);
	free(s3);
}

static int s3_fifo_init(uint32_t nr_frames, void **ctx)
{
	struct s3_fifo *s3 = calloc(1, sizeof(*s3));
	size_t room = nr_frames ? nr_frames : 1;

	if (!s3)
		return -ENOMEM;
	s3->nr_frames = nr_frames;
	s3->links = calloc(room, sizeof(*s3->links));
	s3->frames = calloc(room, sizeof(*s3->frames));
	if (!s3->links || !s3->frames ||
	    usm_fresh_init(&s3->fresh, nr_frames) ||
	    usm_ghost_init(&s3->ghost, nr_frames)) {
		s3_fifo_fini(s3);
		return -ENOMEM;
	}
	*ctx = s3;
	return 0;
}

static void add(struct s3_fifo *s3, enum queue queue, uint32_t frame)
{
	s3->frames[frame].queue = (uint8_t)queue;
	usm_frame_list_add(&s3->queues[queue], s3->links, frame);
}

static void take(struct s3_fifo *s3, uint32_t frame)
{
	usm_frame_list_take(&s3->queues[s3->frames[frame].queue], s3->links,
			    frame);
	s3->frames[frame].queue = NOWHERE;
}

/* Names kept: as many as the main queue has pages. */
static uint32_t memory_of_ghosts(const struct s3_fifo *s3)
{
	return s3->nr_present - s3->nr_present / SMALL_DIVISOR;
}

static void s3_fifo_placed(void *ctx, uint32_t frame, uint64_t page)
{
	struct s3_fifo *s3 = ctx;

	if (frame >= s3->nr_frames)
		return;
	s3->frames[frame].page = page;
	if (s3->frames[frame].queue != NOWHERE)
		return;
	s3->nr_present++;
	s3->frames[frame].uses = 0;
	add(s3,
	    usm_ghost_take(&s3->ghost, page, memory_of_ghosts(s3)) ? MAIN
								   : SMALL,
	    frame);
	usm_fresh_add(&s3->fresh, frame);
}

static void s3_fifo_removed(void *ctx, uint32_t frame)
{
	struct s3_fifo *s3 = ctx;

	if (frame >= s3->nr_frames || s3->frames[frame].queue == NOWHERE)
		return;
	take(s3, frame);
	usm_fresh_remove(&s3->fresh, frame);
	s3->nr_present--;
}

static void s3_fifo_accessed(void *ctx, uint32_t frame)
{
	struct s3_fifo *s3 = ctx;

	if (frame >= s3->nr_frames || s3->frames[frame].queue == NOWHERE)
		return;
	if (usm_fresh_used(&s3->fresh, frame) &&
	    s3->frames[frame].uses < USES_MAX)
		s3->frames[frame].uses++;
}

/* Pages of the small queue that are passed before any of the main one. */
static uint32_t surplus(const struct s3_fifo *s3)
{
	uint32_t share = s3->nr_present / SMALL_DIVISOR;
	uint32_t nr = s3->queues[SMALL].nr;

	if (!share)
		share = 1;
	return nr < share ? 0 : nr - share + 1;
}

static uint32_t s3_fifo_upcoming(const void *ctx, uint32_t *frames, uint32_t nr)
{
	const struct s3_fifo *s3 = ctx;
	uint32_t named, small = surplus(s3);

	if (nr > s3->nr_present)
		nr = s3->nr_present;
	named = usm_fresh_copy(&s3->fresh, frames, nr);
	if (small > nr - named)
		small = nr - named;
	named += usm_frame_list_copy(&s3->queues[SMALL], s3->links,
				     frames + named, small);
	named += usm_frame_list_copy(&s3->queues[MAIN], s3->links,
				     frames + named, nr - named);
	/* The main queue is short: what the small one has, once more or not. */
	named += usm_frame_list_copy(&s3->queues[SMALL], s3->links,
				     frames + named, nr - named);
	return named;
}

/* Passes the oldest of the small queue: is it to go? */
static bool pass_small(struct s3_fifo *s3, uint32_t frame, bool any)
{
	if (s3->frames[frame].uses && !any) {
		take(s3, frame);
		s3->frames[frame].uses = 0;
		add(s3, MAIN, frame);
		return false;
	}
	usm_ghost_add(&s3->ghost, s3->frames[frame].page);
	return true;
}

/* Passes the oldest of the main queue: is it to go? */
static bool pass_main(struct s3_fifo *s3, uint32_t frame, bool any)
{
	if (s3->frames[frame].uses && !any) {
		take(s3, frame);
		s3->frames[frame].uses--;
		add(s3, MAIN, frame);
		return false;
	}
	return true;
}

static uint32_t s3_fifo_choose(void *ctx, uint32_t look, bool any,
			       uint32_t *victims, uint32_t nr)
{
	struct s3_fifo *s3 = ctx;
	uint32_t chosen = 0;

	if (look > s3->nr_present)
		look = s3->nr_present;
	if (!any)
		look -= usm_fresh_looked(&s3->fresh, look);
	while (look-- && chosen < nr) {
		bool small = surplus(s3) || !s3->queues[MAIN].nr;
		uint32_t frame = usm_frame_list_oldest(
			&s3->queues[small ? SMALL : MAIN]);

		if (small ? !pass_small(s3, frame, any)
			  : !pass_main(s3, frame, any))
			continue;
		s3_fifo_removed(s3, frame);
		victims[chosen++] = frame;
	}
	return chosen;
}

const struct usm_evict_policy usm_evict_s3_fifo = {
	USM_POLICY_HEAD(struct usm_evict_policy),
	.name = "s3-fifo",
	.summary = "what was not used again soon, in three queues",
	.init = s3_fifo_init,
	.fini = s3_fifo_fini,
	.placed = s3_fifo_placed,
	.removed = s3_fifo_removed,
	.accessed = s3_fifo_accessed,
	.upcoming = s3_fifo_upcoming,
	.choose = s3_fifo_choose,
};
