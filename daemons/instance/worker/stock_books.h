/* SPDX-License-Identifier: MIT */
/*
 * stock_books.h - puts right which frames a stock believes are free: against the
 * kernel's books, which are the truth.
 */
#ifndef USM_INSTANCE_WORKER_STOCK_BOOKS_H
#define USM_INSTANCE_WORKER_STOCK_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/worker/stock.h"
#include "usm.h"

/*
 * Brings the books in line with the kernel's: takes in every frame that is
 * FREE there and its own; one that is nobody's goes into the shared arena.  No
 * reply of this worker's may be under way that names a frame which is not in
 * stock.  For the start, and for the rare case that the stock ran dry.
 * O(frames), one call per USM_BATCH_MAX.  recovered (may be NULL): how many
 * frames were missing here.
 */
int usm_stock_reconcile(struct usm_stock *stock, uint32_t *recovered);

/*
 * The partition has other extents: all the stocks of an instance, whose workers
 * stand still, begin anew with what the kernel calls FREE in them.  As for
 * usm_stock_reconcile(), no reply may be under way.  ENOMEM, EINVAL: nothing
 * changed.
 */
int usm_stock_resize_all(struct usm_stock *const *stocks, unsigned int nr,
			 const struct usm_extent *extents,
			 unsigned int nr_extents);

/*
 * The kernel refused this frame as an answer (or its request is gone): back
 * into stock if the kernel says it is FREE, otherwise forgotten until it is
 * reported.  stale: the reason was ESTALE.
 */
void usm_stock_refused(struct usm_stock *stock, uint32_t frame, bool stale);

#endif /* USM_INSTANCE_WORKER_STOCK_BOOKS_H */
