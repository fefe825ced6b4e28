/* SPDX-License-Identifier: MIT */
#include "instance/worker/resize.h"

#include <errno.h>
#include <stdbool.h>

#include "instance/evict/reserve.h"
#include "instance/evict/watermarks.h"
#include "instance/worker/stock_books.h"

/* Frame states asked for by one call: 8 KiB of stack. */
#define BATCH 256U

static bool inside(const struct usm_extents *extents, uint32_t frame)
{
	uint32_t i;

	for (i = 0; i < extents->nr_extents; i++)
		if (frame - extents->extents[i].first <
		    extents->extents[i].frames)
			return true;
	return false;
}

/* Frames that are still ours, in use, and in no extent. */
static int vacate(const struct usm_resize_parts *parts,
		  const struct usm_extents *extents)
{
	const struct usm_kernel *kernel = parts->kernel;
	struct usm_frame_info info[BATCH];
	uint32_t at, nr, i;

	for (at = 0; at < parts->pool_frames; at += nr) {
		int err;

		nr = BATCH;
		err = kernel->frames(kernel->ctx, at, info, &nr);
		if (!err && !nr)
			err = -EIO;
		if (err)
			return err;
		for (i = 0; i < nr; i++)
			if (info[i].state == USM_FRAME_MAPPED &&
			    !inside(extents, at + i))
				usm_pager_vacate(parts->pager, at + i);
	}
	return 0;
}

int usm_resize_follow(const struct usm_resize_parts *parts)
{
	const struct usm_kernel *kernel = parts->kernel;
	struct usm_watermarks marks;
	struct usm_extents extents;
	unsigned int i;
	int err = kernel->extents(kernel->ctx, &extents);

	for (i = 0; i < parts->nr_workers && !err; i++)
		err = usm_local_manager_settle(parts->managers[i]);
	if (!err)
		err = usm_stock_resize_all(parts->stocks, parts->nr_workers,
					   extents.extents, extents.nr_extents);
	if (!err && parts->ahead)
		usm_ahead_resized(parts->ahead, extents.extents,
				  extents.nr_extents);
	if (!err && parts->watch)
		usm_threshold_watch_resized(parts->watch, extents.frames);
	if (err || !parts->pager)
		return err;
	marks = usm_watermarks_of(extents.frames, parts->free_low_percent,
				  parts->free_high_percent);
	usm_pager_resized(parts->pager, &marks, usm_reserve_of(extents.frames));
	return vacate(parts, &extents);
}
