/* SPDX-License-Identifier: MIT */
#include "instance/evict/storing.h"

#include <errno.h>
#include <string.h>

#include "instance/swap/map.h"

_Static_assert(USM_OUTGOING_MAX <= USM_SWAP_STORE_PAGES, "in one store");

/* Completions taken at once. */
#define REAP_BATCH 16U

int usm_storing_init(struct usm_storing *storing, uint32_t nr_frames,
		     uint32_t nr_slots)
{
	int err = usm_bitmap_init(&storing->frames, nr_frames);

	return err ? err : usm_bitmap_init(&storing->slots, nr_slots);
}

void usm_storing_fini(struct usm_storing *storing)
{
	usm_bitmap_fini(&storing->slots);
	usm_bitmap_fini(&storing->frames);
}

bool usm_storing_has_frame(const struct usm_storing *storing, uint32_t frame)
{
	return usm_bitmap_test(&storing->frames, frame);
}

bool usm_storing_has_slot(const struct usm_storing *storing, uint32_t slot)
{
	return usm_bitmap_test(&storing->slots, slot);
}

bool usm_storing_has_room(const struct usm_storing *storing)
{
	return storing->nr_pages + USM_OUTGOING_MAX <= USM_STORING_PAGES;
}

static void enter(struct usm_storing *storing, struct usm_storing_row *row,
		  const struct usm_outgoing *out, uint32_t nr)
{
	uint32_t i;

	memcpy(row->page, out->page, nr * sizeof(*out->page));
	row->nr = nr;
	storing->nr_pages += nr;
	for (i = 0; i < nr; i++) {
		usm_bitmap_set(&storing->frames, row->page[i].frame);
		usm_bitmap_set(&storing->slots,
			       usm_swap_slot(row->page[i].cookie));
	}
}

static void leave(struct usm_storing *storing, struct usm_storing_row *row)
{
	uint32_t i;

	for (i = 0; i < row->nr; i++) {
		usm_bitmap_clear(&storing->frames, row->page[i].frame);
		usm_bitmap_clear(&storing->slots,
				 usm_swap_slot(row->page[i].cookie));
	}
	storing->nr_pages -= row->nr;
	storing->nr_failed -= row->failed;
	row->nr = 0;
	row->failed = false;
}

static struct usm_storing_row *unused(struct usm_storing *storing)
{
	uint32_t i;

	for (i = 0; i < USM_STORING_ROWS; i++)
		if (!storing->row[i].nr)
			return &storing->row[i];
	return NULL;
}

int usm_storing_begin(struct usm_storing *storing, struct usm_outgoing *out,
		      const struct usm_swap_device *device, char *pool)
{
	while (out->nr) {
		struct usm_storing_row *row = unused(storing);
		struct iovec pages[USM_OUTGOING_MAX];
		uint32_t nr = usm_outgoing_row(out, 0);
		int err;

		if (!row || storing->nr_pages + nr > USM_STORING_PAGES)
			return -EAGAIN;
		usm_outgoing_pages(out, 0, nr, pool, pages);
		err = device->store_begin(
			device->ctx, usm_swap_slot(out->page[0].cookie), pages,
			nr, (uint64_t)(row - storing->row));
		if (err)
			return err;
		enter(storing, row, out, nr);
		usm_outgoing_remove(out, nr);
	}
	return 0;
}

/* The device has these pages: their frames are not needed for them any more. */
static int let_go(const struct usm_storing_row *row,
		  const struct usm_kernel *kernel,
		  struct usm_free_entry *entries)
{
	uint32_t i;

	for (i = 0; i < row->nr; i++)
		entries[i] = (struct usm_free_entry){
			.frame = row->page[i].frame,
		};
	return kernel->free(kernel->ctx, entries, row->nr);
}

static void end(struct usm_storing *storing, struct usm_storing_row *row,
		int err, const struct usm_kernel *kernel,
		void (*done)(void *ctx, uint32_t frame, uint64_t cookie,
			     bool freed),
		void *ctx)
{
	struct usm_free_entry entries[USM_OUTGOING_MAX];
	struct usm_storing_row over;
	uint32_t i;

	if (err || let_go(row, kernel, entries)) {
		row->failed = true;
		storing->nr_failed++;
		return;
	}
	/* Whoever is told may begin with them anew. */
	over = *row;
	leave(storing, row);
	for (i = 0; i < over.nr; i++)
		done(ctx, over.page[i].frame, over.page[i].cookie,
		     !entries[i].result);
}

void usm_storing_reap(struct usm_storing *storing,
		      const struct usm_swap_device *device,
		      const struct usm_kernel *kernel,
		      void (*done)(void *ctx, uint32_t frame, uint64_t cookie,
				   bool freed),
		      void *ctx)
{
	struct usm_swap_done over[REAP_BATCH];
	uint32_t nr = REAP_BATCH, i;

	while (storing->nr_pages && nr == REAP_BATCH) {
		nr = device->store_reap(device->ctx, over, REAP_BATCH);
		for (i = 0; i < nr; i++)
			end(storing, &storing->row[over[i].token],
			    over[i].result, kernel, done, ctx);
	}
}

bool usm_storing_take_failed(struct usm_storing *storing,
			     struct usm_outgoing *out)
{
	uint32_t i, p;

	for (i = 0; i < USM_STORING_ROWS && storing->nr_failed; i++) {
		struct usm_storing_row *row = &storing->row[i];

		if (!row->failed)
			continue;
		for (p = 0; p < row->nr; p++)
			usm_outgoing_add(out, row->page[p].frame,
					 row->page[p].cookie);
		leave(storing, row);
		return true;
	}
	return false;
}
