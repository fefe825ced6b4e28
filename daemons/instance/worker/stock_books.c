/* SPDX-License-Identifier: MIT */
#include "instance/worker/stock_books.h"

#include <errno.h>

#include "instance/worker/stock_parts.h"

/* True when the frame is no other worker's; it may end in the shared arena. */
static bool recover(struct usm_stock *stock, uint32_t frame)
{
	if (usm_checked_alloc_owns(stock->frames, frame)) {
		usm_stock_take_in(stock, frame);
		return true;
	}
	return stock->shared && !usm_shared_arena_add(stock->shared, frame);
}

static int reconcile_chunk(struct usm_stock *stock, uint32_t first,
			   uint32_t room, uint32_t *seen, uint32_t *recovered)
{
	const struct usm_kernel *kernel = stock->kernel;
	struct usm_frame_info info[USM_BATCH_MAX];
	uint32_t nr = room < USM_BATCH_MAX ? room : USM_BATCH_MAX, i;
	int err = kernel->frames(kernel->ctx, first, info, &nr);

	if (err)
		return err;
	for (i = 0; i < nr; i++) {
		uint32_t frame = first + i;

		if (info[i].state != USM_FRAME_FREE ||
		    usm_stock_has(stock, frame))
			continue;
		*recovered += recover(stock, frame);
	}
	*seen = nr;
	return 0;
}

int usm_stock_reconcile(struct usm_stock *stock, uint32_t *recovered)
{
	uint32_t found = 0;
	unsigned int e;
	int err = 0;

	/* Nothing may be between kernel and mailbox while the two compare. */
	usm_stock_quiet(stock);
	for (e = 0; e < stock->nr_extents && !err; e++) {
		uint32_t at = stock->extents[e].first;
		uint32_t left = stock->extents[e].frames, seen = 0;

		for (; left && !err; at += seen, left -= seen) {
			err = reconcile_chunk(stock, at, left, &seen, &found);
			if (!err && !seen)
				err = -EIO;
		}
	}
	usm_stock_unquiet(stock);
	/* It paid, so the next time is not put off. */
	if (found)
		usm_backoff_result(&stock->scan, usm_now_ns(), true);
	if (!err && recovered)
		*recovered = found;
	return err;
}

static bool kernel_says_free(const struct usm_stock *stock, uint32_t frame)
{
	const struct usm_kernel *kernel = stock->kernel;
	struct usm_frame_info info;
	uint32_t nr = 1;

	return !kernel->frames(kernel->ctx, frame, &info, &nr) && nr == 1 &&
	       info.state == USM_FRAME_FREE;
}

void usm_stock_refused(struct usm_stock *stock, uint32_t frame, bool stale)
{
	if (!stale || !usm_checked_alloc_owns(stock->frames, frame))
		return;
	/*
	 * Stale also means: the thread saw the reply by itself just before it
	 * was to be woken, and uses the frame.  Only the kernel knows.
	 */
	usm_stock_quiet(stock);
	if (kernel_says_free(stock, frame))
		usm_stock_take_in(stock, frame);
	usm_stock_unquiet(stock);
}

/* What the stocks have in common. */
static int resize_common(const struct usm_stock *stock,
			 const struct usm_extent *extents,
			 unsigned int nr_extents)
{
	struct usm_shared_arena *shared = NULL;
	int err = 0;

	if (stock->shared)
		err = usm_shared_arena_create(extents, nr_extents, &shared);
	if (err)
		return err;
	usm_returned_lock(stock->returned);
	err = usm_returned_resize(stock->returned, extents, nr_extents);
	/* Whoever collects asks it whose a frame is. */
	if (!err && shared)
		usm_shared_arena_swap(stock->shared, shared);
	usm_returned_unlock(stock->returned);
	usm_shared_arena_destroy(shared);
	return err;
}

int usm_stock_resize_all(struct usm_stock *const *stocks, unsigned int nr,
			 const struct usm_extent *extents,
			 unsigned int nr_extents)
{
	struct usm_checked_alloc *frames[USM_WORKERS_MAX] = { 0 };
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = usm_checked_alloc_create(stocks[i]->policy,
					       &stocks[i]->settings, extents,
					       nr_extents, &frames[i], NULL);
	if (!err)
		err = resize_common(stocks[0], extents, nr_extents);
	for (i = 0; i < nr; i++) {
		if (err)
			usm_checked_alloc_destroy(frames[i]);
		else
			usm_stock_begin_anew(stocks[i], frames[i], extents,
					     nr_extents);
	}
	return err ? err : usm_stock_reconcile(stocks[0], NULL);
}
