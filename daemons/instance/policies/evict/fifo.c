/* SPDX-License-Identifier: MIT */
/*
 * fifo: what came first goes first, used or not.
 *
 * A list in order of placing, linked through two arrays so that any frame is
 * taken out in O(1).  Needs no accessed bits: the yardstick for those that do.
 */
#include <errno.h>
#include <stdlib.h>

#include "instance/policies/evict/registry.h"

struct link {
	uint32_t older, newer; /* frame + 1; 0: none */
	bool listed;
};

struct fifo {
	uint32_t nr_frames;
	uint32_t oldest, newest; /* frame + 1; 0: none */
	struct link *link; /* [nr_frames] */
};

static void fifo_fini(void *ctx)
{
	struct fifo *fifo = ctx;

	if (!fifo)
		return;
	free(fifo->link);
	free(fifo);
}

static int fifo_init(uint32_t nr_frames, void **ctx)
{
	struct fifo *fifo = calloc(1, sizeof(*fifo));

	if (!fifo)
		return -ENOMEM;
	fifo->nr_frames = nr_frames;
	fifo->link = calloc(nr_frames ? nr_frames : 1, sizeof(*fifo->link));
	if (!fifo->link) {
		free(fifo);
		return -ENOMEM;
	}
	*ctx = fifo;
	return 0;
}

static void fifo_placed(void *ctx, uint32_t frame, uint64_t page)
{
	struct fifo *fifo = ctx;
	struct link *link;

	(void)page; /* whatever it is, it waits its turn */
	if (frame >= fifo->nr_frames || fifo->link[frame].listed)
		return;
	link = &fifo->link[frame];
	link->listed = true;
	link->older = fifo->newest;
	link->newer = 0;
	if (fifo->newest)
		fifo->link[fifo->newest - 1].newer = frame + 1;
	else
		fifo->oldest = frame + 1;
	fifo->newest = frame + 1;
}

static void fifo_removed(void *ctx, uint32_t frame)
{
	struct fifo *fifo = ctx;
	struct link *link;

	if (frame >= fifo->nr_frames || !fifo->link[frame].listed)
		return;
	link = &fifo->link[frame];
	link->listed = false;
	if (link->older)
		fifo->link[link->older - 1].newer = link->newer;
	else
		fifo->oldest = link->newer;
	if (link->newer)
		fifo->link[link->newer - 1].older = link->older;
	else
		fifo->newest = link->older;
}

static uint32_t fifo_choose(void *ctx, uint32_t look, bool any,
			    uint32_t *victims, uint32_t nr)
{
	struct fifo *fifo = ctx;
	uint32_t chosen = 0;

	(void)any; /* it never does anything else */
	while (chosen < nr && chosen < look && fifo->oldest) {
		victims[chosen] = fifo->oldest - 1;
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
