/* SPDX-License-Identifier: MIT */
/*
 * storing.h - pages on their way into the swap device while their worker goes
 * on with other things.
 *
 * As in outgoing.h their frames still hold them, in the kernel's care, until
 * the device has them.  Meanwhile anything may happen to such a page but this:
 * its frame is not evicted from again, because what is said at the end of one
 * store would be taken for the end of another; and its slot is stored to by
 * nobody else, even if the page was touched and the slot given back.
 */
#ifndef USM_INSTANCE_EVICT_STORING_H
#define USM_INSTANCE_EVICT_STORING_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/arena/bitmap.h"
#include "instance/evict/outgoing.h"
#include "instance/kernel.h"
#include "instance/policies/swap/device.h"

/*
 * Pages under way at once: a disk is kept busy by the next batches while one
 * is written, and a daemon that is stopped has half a megabyte to wait for.
 */
#define USM_STORING_PAGES (4 * USM_OUTGOING_MAX)

/* Stores they make: slots in a row are one; at most as many as a device takes. */
#define USM_STORING_ROWS USM_SWAP_STORES_MAX

struct usm_storing_row {
	uint32_t nr; /* pages; 0: not in use */
	bool failed;
	struct usm_outgoing_page page[USM_OUTGOING_MAX];
};

struct usm_storing {
	uint32_t nr_pages;
	uint32_t nr_failed; /* rows */
	struct usm_bitmap frames;
	struct usm_bitmap slots;
	struct usm_storing_row row[USM_STORING_ROWS];
};

/* For frames and slots below these numbers.  ENOMEM. */
int usm_storing_init(struct usm_storing *storing, uint32_t nr_frames,
		     uint32_t nr_slots);

/* Frees it; a zeroed struct is fine.  What is under way is the device's. */
void usm_storing_fini(struct usm_storing *storing);

/* Is the frame's page, or something for the slot, under way? */
bool usm_storing_has_frame(const struct usm_storing *storing, uint32_t frame);
bool usm_storing_has_slot(const struct usm_storing *storing, uint32_t slot);

/* Is there room for another batch? */
bool usm_storing_has_room(const struct usm_storing *storing);

/*
 * Begins to store what is in `out`, from the first page on, frame f being at
 * pool + (f << USM_FRAME_SHIFT); what the device takes leaves `out`.  0; else
 * the device's error about the first page that is left: EAGAIN, when something
 * under way must end first.
 */
int usm_storing_begin(struct usm_storing *storing, struct usm_outgoing *out,
		      const struct usm_swap_device *device, char *pool);

/*
 * Takes stores that are over: frees the frames and tells done() of each page as
 * usm_outgoing_store() does.  What could not be stored stays here, as failed.
 */
void usm_storing_reap(struct usm_storing *storing,
		      const struct usm_swap_device *device,
		      const struct usm_kernel *kernel,
		      void (*done)(void *ctx, uint32_t frame, uint64_t cookie,
				   bool freed),
		      void *ctx);

/* Moves one failed store's pages to `out`, which is empty; false: none failed. */
bool usm_storing_take_failed(struct usm_storing *storing,
			     struct usm_outgoing *out);

#endif /* USM_INSTANCE_EVICT_STORING_H */
