/* SPDX-License-Identifier: MIT */
/*
 * stock_parts.h - what a stock is made of, for the files beside it.
 *
 * stock.c keeps what is there; stock_refill.c gets more and returns what is too
 * much; stock_books.c puts right what the daemon and the kernel think is free;
 * stock_policy.c is about who chooses.
 */
#ifndef USM_INSTANCE_WORKER_STOCK_PARTS_H
#define USM_INSTANCE_WORKER_STOCK_PARTS_H

#include "instance/arena/balance.h"
#include "instance/arena/returned.h"
#include "instance/arena/shared.h"
#include "instance/kernel.h"
#include "instance/policies/alloc/checked.h"
#include "instance/worker/backoff.h"
#include "instance/worker/stock.h"

/* A frame that is being filled. */
struct usm_stock_held {
	uint32_t frame;
	uint32_t resizes; /* of the stock, when it began */
};

struct usm_stock {
	struct usm_checked_alloc *frames;
	const struct usm_alloc_policy *policy;
	struct usm_settings settings; /* the policy's */
	const struct usm_kernel *kernel;
	struct usm_returned *returned;
	/* With several workers: */
	struct usm_shared_arena *shared; /* NULL: there is one */
	struct usm_balance *balance;
	struct usm_share share;
	bool gave; /* what is in the shared arena, to who starves */
	unsigned int worker;
	struct usm_backoff scan;
	uint32_t nr_held;
	struct usm_stock_held held[USM_SLOTS_MAX]; /* in no order */
	uint32_t resizes; /* that it has followed */
	void (*watch)(void *ctx, uint32_t frame);
	void *watch_ctx;
	struct usm_stock_lender lender; /* zeroed: nobody */
	unsigned int nr_extents;
	struct usm_extent extents[USM_EXTENTS_MAX];
};

/*
 * A frame that is FREE and the worker's own comes into the stock that ctx is.
 * One that is there, or held, is left alone.
 */
void usm_stock_take_in(void *ctx, uint32_t frame);

/* Its frames, and the extents they are of, are these from now on. */
void usm_stock_begin_anew(struct usm_stock *stock,
			  struct usm_checked_alloc *frames,
			  const struct usm_extent *extents,
			  unsigned int nr_extents);

#endif /* USM_INSTANCE_WORKER_STOCK_PARTS_H */
