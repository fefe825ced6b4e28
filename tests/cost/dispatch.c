/* SPDX-License-Identifier: MIT */
/*
 * dispatch slots-S N: N times one fault in one of S slots, in no order, from
 * its bit in the PFQ to its reply.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance/policies/alloc/registry.h"
#include "instance/worker/local_manager.h"
#include "instance/worker/stock_books.h"

#define FRAMES 1024
/* Odd, so that all slots have their turn. */
#define STRIDE 1013

static struct usm_bitfield pfq;
static struct usm_slot slots[USM_SLOTS_MAX];
static struct usm_frame_info frames[FRAMES];

static int all_free(void *ctx, uint32_t first, struct usm_frame_info *out,
		    uint32_t *nr)
{
	(void)ctx;
	memcpy(out, frames + first, *nr * sizeof(*out));
	return 0;
}

static int none_freed(void *ctx, uint64_t *pfns, uint32_t *nr)
{
	(void)ctx;
	(void)pfns;
	*nr = 0;
	return 0;
}

static int serve(struct usm_local_manager *manager, struct usm_stock *stock,
		 uint32_t index)
{
	struct usm_slot *slot = &slots[index];

	slot->addr = (uint64_t)index << 20;
	slot->member = 1;
	slot->state = USM_SLOT_SPINNING;
	slot->gen++;
	pfq.leaf[index / 64] |= 1ULL << index % 64;
	pfq.summary |= 1ULL << index / 64;
	usm_local_manager_run(manager);
	if (slot->reply >> 32 != slot->gen)
		return -1;
	slot->state = USM_SLOT_IDLE;
	usm_stock_give(stock, (uint32_t)slot->reply);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct usm_kernel kernel = {
		.frames = all_free,
		.read_freed = none_freed,
	};
	const struct usm_extent extent = { 0, FRAMES };
	struct usm_channel_view view = { .pfq = &pfq, .slots = slots };
	struct usm_local_manager *manager;
	struct usm_returned *returned;
	struct usm_stock *stock;
	uint32_t i, index = 0, n;
	int err;

	if (argc != 3 || sscanf(argv[1], "slots-%u", &view.nr_slots) != 1)
		return 2;
	n = (uint32_t)strtoul(argv[2], NULL, 10);
	for (i = 0; i < FRAMES; i++)
		frames[i].state = USM_FRAME_FREE;
	err = usm_returned_create(&extent, 1, 0, &kernel, &returned);
	if (!err)
		err = usm_stock_create(&extent, 1, &usm_alloc_first_fit,
				       &kernel, returned, &stock);
	if (!err)
		err = usm_stock_reconcile(stock, NULL);
	if (!err)
		err = usm_local_manager_create(&view, ~0ULL, stock, NULL, 0,
					       &kernel, &manager);
	/* Stacks are opened once. */
	for (i = 0; i < view.nr_slots && !err; i++)
		err = serve(manager, stock, i);
	for (i = 0; i < n && !err; i++) {
		index = (index + STRIDE) % view.nr_slots;
		err = serve(manager, stock, index);
	}
	if (err)
		return 1;
	usm_local_manager_destroy(manager);
	usm_stock_destroy(stock);
	usm_returned_destroy(returned);
	return 0;
}
