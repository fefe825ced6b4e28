/* SPDX-License-Identifier: MIT */
/*
 * outgoing.h - pages that were evicted and are not stored yet.
 *
 * Their frames still hold them, in the kernel's care: whatever goes wrong, or
 * whoever touches them, nothing is lost until they are freed here, and that
 * only happens when the swap device has them.
 */
#ifndef USM_INSTANCE_EVICT_OUTGOING_H
#define USM_INSTANCE_EVICT_OUTGOING_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/kernel.h"
#include "instance/policies/swap/device.h"

/*
 * Pages under way at once.  The kernel takes that many under one hold of a
 * member's lock; storing them takes less than a fault may wait.
 */
#define USM_OUTGOING_MAX 32U

struct usm_outgoing_page {
	uint64_t cookie;
	uint32_t frame;
	uint32_t unused;
};

struct usm_outgoing {
	uint32_t nr;
	/* By slot, ascending, where that is had. */
	struct usm_outgoing_page page[USM_OUTGOING_MAX];
};

/* Puts one in; there must be room. */
void usm_outgoing_add(struct usm_outgoing *out, uint32_t frame,
		      uint64_t cookie);

/* How many pages from `first` on go to slots in a row. */
uint32_t usm_outgoing_row(const struct usm_outgoing *out, uint32_t first);

/* Where nr pages from `first` on are; frame f is as below. */
void usm_outgoing_pages(const struct usm_outgoing *out, uint32_t first,
			uint32_t nr, char *pool, struct iovec *pages);

/* Takes the first nr out. */
void usm_outgoing_remove(struct usm_outgoing *out, uint32_t nr);

/*
 * Stores what it can, frame f being at pool + (f << USM_FRAME_SHIFT), frees
 * those frames and tells done(ctx, frame, cookie, freed) about each: freed is
 * false for a page that was touched, or went, before; its slot may hold it all
 * the same.  The error of the device when something is left.
 */
int usm_outgoing_store(struct usm_outgoing *out,
		       const struct usm_swap_device *device,
		       const struct usm_kernel *kernel, char *pool,
		       void (*done)(void *ctx, uint32_t frame, uint64_t cookie,
				    bool freed),
		       void *ctx);

#endif /* USM_INSTANCE_EVICT_OUTGOING_H */
