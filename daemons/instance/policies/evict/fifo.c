/* SPDX-License-Identifier: MIT */
/*
 * fifo: what came first goes first, used or not.
 *
 * Needs no accessed bits: the yardstick for those that do.
 */
#include <errno.h>
#include <stdlib.h>

#include "instance/policies/evict/list.h"
#include "instance/policies/evict/registry.h"

struct fifo {
	uint32_t nr_frames;
	struct usm_frame_list list; /* in order of placing */
	struct usm_frame_link *links; /* [nr_frames] */
	bool *listed; /* [nr_frames] */
};

static void fifo_fini(void *ctx)
{
	struct fifo *fifo = ctx;

	if (!fifo)
		return;
	free(fifo->links);
	free(fifo->listed);
	free(fifo);
}

static int fifo_init(uint32_t nr_frames, void **ctx)
{
	struct fifo *fifo = calloc(1, sizeof(*fifo));
	size_t room = nr_frames ? nr_frames : 1;

	if (!fifo)
		return -ENOMEM;
	fifo->nr_frames = nr_frames;
	fifo->links = calloc(room, sizeof(*fifo->links));
	fifo->listed = calloc(room, sizeof(*fifo->listed));
	if (!fifo->links || !fifo->listed) {
		fifo_fini(fifo);
		return -ENOMEM;
	}
	*ctx = fifo;
	return 0;
}

static void fifo_placed(void *ctx, uint32_t frame, uint64_t page)
{
	struct fifo *fifo = ctx;

	(void)page; /* it comes last whichever it is */
	if (frame >= fifo->nr_frames || fifo->listed[frame])
		return;
	fifo->listed[frame] = true;
	usm_frame_list_add(&fifo->list, fifo->links, frame);
}

static void fifo_removed(void *ctx, uint32_t frame)
{
	struct fifo *fifo = ctx;

	if (frame >= fifo->nr_frames || !fifo->listed[frame])
		return;
	fifo->listed[frame] = false;
	usm_frame_list_take(&fifo->list, fifo->links, frame);
}

static uint32_t fifo_choose(void *ctx, uint32_t look, bool any,
			    uint32_t *victims, uint32_t nr)
{
	struct fifo *fifo = ctx;
	uint32_t chosen = 0;

	(void)any; /* it never does anything else */
	while (chosen < nr && chosen < look && fifo->list.nr) {
		victims[chosen] = usm_frame_list_oldest(&fifo->list);
		fifo_removed(fifo, victims[chosen++]);
	}
	return chosen;
}

const struct usm_evict_policy usm_evict_fifo = {
	USM_POLICY_HEAD(struct usm_evict_policy),
	.name = "fifo",
	.summary = "what came first goes first",
	.init = fifo_init,
	.fini = fifo_fini,
	.placed = fifo_placed,
	.removed = fifo_removed,
	.choose = fifo_choose,
};
