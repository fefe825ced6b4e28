/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/tiered.h"

#include <errno.h>
#include <stdlib.h>

#include "common/frame_size.h"
#include "instance/policies/evict/list.h"
#include "instance/policies/swap/compressed.h"
#include "instance/policies/swap/ready.h"
#include "instance/policies/swap/tiers.h"

struct tiered {
	struct usm_swap_device memory;
	struct usm_swap_device file;
	struct usm_ready ready; /* loads from memory */
	struct usm_frame_list ages; /* slots in memory, by when they came */
	struct usm_frame_link *links; /* [nr_slots] */
	char page[USM_FRAME_BYTES]; /* on its way from one to the other */
};

static bool in_memory(const struct tiered *tiered, uint32_t slot)
{
	return usm_swap_compressed_holds(&tiered->memory, slot);
}

/* ---- out ------------------------------------------------------------------------ */

static void forget(struct tiered *tiered, uint32_t slot)
{
	if (!in_memory(tiered, slot))
		return;
	usm_frame_list_take(&tiered->ages, tiered->links, slot);
	tiered->memory.drop(tiered->memory.ctx, slot);
}

static int store_in_file(struct tiered *tiered, uint32_t slot, void *page)
{
	struct iovec whole = { page, USM_FRAME_BYTES };
	int err = tiered->file.store(tiered->file.ctx, slot, &whole, 1);

	if (!err)
		forget(tiered, slot);
	return err;
}

static int store_in_memory(struct tiered *tiered, uint32_t slot, void *page)
{
	struct iovec whole = { page, USM_FRAME_BYTES };
	bool was = in_memory(tiered, slot);
	int err = tiered->memory.store(tiered->memory.ctx, slot, &whole, 1);

	if (err)
		return err;
	if (was)
		usm_frame_list_take(&tiered->ages, tiered->links, slot);
	usm_frame_list_add(&tiered->ages, tiered->links, slot);
	return 0;
}

/* Moves the oldest of them to the file. */
static int make_room(struct tiered *tiered)
{
	uint32_t slots[USM_TIERS_BATCH];
	uint32_t nr = usm_frame_list_copy(&tiered->ages, tiered->links, slots,
					  USM_TIERS_BATCH);
	uint32_t i;
	int err = 0;

	for (i = 0; i < nr && !err; i++) {
		err = tiered->memory.load(tiered->memory.ctx, slots[i],
					  tiered->page);
		/* A damaged one stays, for whoever asks to be told. */
		if (err == -EIO) {
			usm_frame_list_take(&tiered->ages, tiered->links,
					    slots[i]);
			usm_frame_list_add(&tiered->ages, tiered->links,
					   slots[i]);
			err = 0;
		} else if (!err) {
			err = store_in_file(tiered, slots[i], tiered->page);
		}
	}
	return err;
}

static int store_page(struct tiered *tiered, uint32_t slot, void *page)
{
	unsigned int nth;
	int err;

	for (nth = 1;; nth++) {
		err = store_in_memory(tiered, slot, page);
		switch (usm_tiers_next(err, nth)) {
		case USM_TIERS_DONE:
			return 0;
		case USM_TIERS_ROOM:
			err = make_room(tiered);
			if (err)
				return err;
			break;
		case USM_TIERS_FILE:
			return store_in_file(tiered, slot, page);
		case USM_TIERS_FAIL:
			return err;
		}
	}
}

static int tiered_store(void *ctx, uint32_t slot, struct iovec *pages,
			uint32_t nr)
{
	struct tiered *tiered = ctx;
	uint32_t i;
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = store_page(tiered, slot + i, pages[i].iov_base);
	return err;
}

static void tiered_drop(void *ctx, uint32_t slot)
{
	forget(ctx, slot);
}

/* ---- in --------------------------------------------------------------------------- */

/* Slot 0 is nobody's: memory makes something of it. */
static bool loads_from_memory(const struct tiered *tiered, uint32_t slot)
{
	return !slot || in_memory(tiered, slot);
}

static int tiered_load(void *ctx, uint32_t slot, void *page)
{
	struct tiered *tiered = ctx;

	return loads_from_memory(tiered, slot)
		       ? tiered->memory.load(tiered->memory.ctx, slot, page)
		       : tiered->file.load(tiered->file.ctx, slot, page);
}

static int tiered_load_begin(void *ctx, uint32_t slot, void *page,
			     uint64_t token)
{
	struct tiered *tiered = ctx;

	if (!loads_from_memory(tiered, slot))
		return tiered->file.load_begin(tiered->file.ctx, slot, page,
					       token);
	if (usm_ready_full(&tiered->ready))
		return -EAGAIN;
	usm_ready_add(&tiered->ready, token,
		      tiered->memory.load(tiered->memory.ctx, slot, page));
	return 0;
}

static uint32_t tiered_load_reap(void *ctx, struct usm_swap_done *done,
				 uint32_t nr)
{
	struct tiered *tiered = ctx;
	uint32_t taken = usm_ready_take(&tiered->ready, done, nr);

	return taken + tiered->file.load_reap(tiered->file.ctx, done + taken,
					      nr - taken);
}

static int tiered_load_notify(void *ctx, void (*wake)(void *ctx),
			      void *wake_ctx)
{
	struct tiered *tiered = ctx;

	return tiered->file.load_notify(tiered->file.ctx, wake, wake_ctx);
}

/* ---- life --------------------------------------------------------------------------- */

static void tiered_stats(void *ctx, struct usm_swap_stats *out)
{
	const struct tiered *tiered = ctx;
	struct usm_swap_stats file;

	tiered->file.stats(tiered->file.ctx, &file);
	tiered->memory.stats(tiered->memory.ctx, out);
	out->device = "tiered";
	out->loads = file.loads;
	out->written = file.written;
	out->read = file.read;
	out->cached = file.cached;
}

static void tiered_empty(void *ctx)
{
	const struct tiered *tiered = ctx;

	tiered->memory.empty(tiered->memory.ctx);
	tiered->file.empty(tiered->file.ctx);
}

static void tiered_close(void *ctx)
{
	struct tiered *tiered = ctx;

	usm_swap_device_close(&tiered->file);
	usm_swap_device_close(&tiered->memory);
	free(tiered->links);
	free(tiered);
}

int usm_swap_tiered_create(const struct usm_swap_device *memory,
			   const struct usm_swap_device *file,
			   struct usm_swap_device *out)
{
	struct tiered *tiered = calloc(1, sizeof(*tiered));
	uint32_t slot;

	if (!tiered)
		return -ENOMEM;
	tiered->links = calloc(memory->nr_slots, sizeof(*tiered->links));
	if (!tiered->links) {
		free(tiered);
		return -ENOMEM;
	}
	tiered->memory = *memory;
	tiered->file = *file;
	/* How old a predecessor's are nobody knows. */
	for (slot = 1; slot < memory->nr_slots; slot++)
		if (in_memory(tiered, slot))
			usm_frame_list_add(&tiered->ages, tiered->links, slot);
	*out = (struct usm_swap_device){
		.ctx = tiered,
		.nr_slots = memory->nr_slots,
		.store = tiered_store,
		.load = tiered_load,
		.close = tiered_close,
		.empty = tiered_empty,
		.drop = tiered_drop,
		.stats = tiered_stats,
	};
	if (file->load_begin) {
		out->load_begin = tiered_load_begin;
		out->load_reap = tiered_load_reap;
		out->load_notify = tiered_load_notify;
	}
	return 0;
}
