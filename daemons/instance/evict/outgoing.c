/* SPDX-License-Identifier: MIT */
#include "instance/evict/outgoing.h"

#include <errno.h>
#include <string.h>

#include "common/frame_size.h"
#include "instance/swap/map.h"

void usm_outgoing_add(struct usm_outgoing *out, uint32_t frame, uint64_t cookie)
{
	out->page[out->nr].frame = frame;
	out->page[out->nr].cookie = cookie;
	out->nr++;
}

uint32_t usm_outgoing_row(const struct usm_outgoing *out, uint32_t first)
{
	uint32_t slot = usm_swap_slot(out->page[first].cookie), nr = 1;

	while (first + nr < out->nr &&
	       usm_swap_slot(out->page[first + nr].cookie) == slot + nr)
		nr++;
	return nr;
}

void usm_outgoing_pages(const struct usm_outgoing *out, uint32_t first,
			uint32_t nr, char *pool, struct iovec *pages)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		pages[i] = (struct iovec){
			.iov_base = pool + ((uint64_t)out->page[first + i].frame
					    << USM_FRAME_SHIFT),
			.iov_len = USM_FRAME_BYTES,
		};
}

void usm_outgoing_remove(struct usm_outgoing *out, uint32_t nr)
{
	out->nr -= nr;
	memmove(out->page, out->page + nr, out->nr * sizeof(*out->page));
}

static int store_row(const struct usm_outgoing *out, uint32_t first,
		     uint32_t nr, const struct usm_swap_device *device,
		     char *pool)
{
	struct iovec pages[USM_OUTGOING_MAX];

	usm_outgoing_pages(out, first, nr, pool, pages);
	return device->store(device->ctx,
			     usm_swap_slot(out->page[first].cookie), pages, nr);
}

/*
 * Does the frame still hold an evicted page?  One that nobody can tell about
 * is taken to: that costs another try, the other mistake a page.
 */
static bool is_held(const struct usm_kernel *kernel, uint32_t frame)
{
	struct usm_frame_info info = { 0 };
	uint32_t nr = 1;

	return kernel->frames(kernel->ctx, frame, &info, &nr) || !nr ||
	       info.state == USM_FRAME_EVICTING;
}

/* Stores from the first page on; how many are, or need not be. */
static uint32_t store(const struct usm_outgoing *out,
		      const struct usm_swap_device *device,
		      const struct usm_kernel *kernel, char *pool, int *err)
{
	bool full = false; /* one page may fit where many do not */
	uint32_t at = 0;

	*err = 0;
	while (at < out->nr) {
		uint32_t nr = full ? 1 : usm_outgoing_row(out, at);

		*err = store_row(out, at, nr, device, pool);
		full = full || *err == -ENOSPC;
		if ((*err == -EFAULT || *err == -ENOSPC) && nr > 1) {
			nr = 1;
			*err = store_row(out, at, nr, device, pool);
		}
		/*
		 * The frame left the partition under our hands, and it does
		 * that only after its page went: freeing it will say so.  A
		 * frame that cannot be read for lack of memory stays.  And a
		 * page that somebody took back needs no room.
		 */
		if ((*err == -EFAULT || *err == -ENOSPC) &&
		    !is_held(kernel, out->page[at].frame))
			*err = 0;
		if (*err)
			break;
		at += nr;
	}
	return at;
}

int usm_outgoing_store(struct usm_outgoing *out,
		       const struct usm_swap_device *device,
		       const struct usm_kernel *kernel, char *pool,
		       void (*done)(void *ctx, uint32_t frame, uint64_t cookie,
				    bool freed),
		       void *ctx)
{
	struct usm_free_entry entries[USM_OUTGOING_MAX];
	uint32_t stored, i;
	int store_err, err;

	stored = store(out, device, kernel, pool, &store_err);
	if (!stored)
		return store_err;
	for (i = 0; i < stored; i++)
		entries[i] = (struct usm_free_entry){
			.frame = out->page[i].frame,
		};
	err = kernel->free(kernel->ctx, entries, stored);
	if (err)
		return err;
	for (i = 0; i < stored; i++)
		done(ctx, entries[i].frame, out->page[i].cookie,
		     !entries[i].result);
	usm_outgoing_remove(out, stored);
	return store_err;
}
