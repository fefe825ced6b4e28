/* SPDX-License-Identifier: MIT */
#include "instance/worker/stock_refill.h"

#include "instance/worker/portion.h"
#include "instance/worker/stock_parts.h"

static uint32_t take_out(struct usm_stock *stock, const struct usm_fault *fault)
{
	return usm_checked_alloc_pick(stock->frames, fault);
}

static void fetch(struct usm_stock *stock)
{
	if (usm_shared_arena_nr_free(stock->shared))
		usm_portion_fetch(stock->shared, stock->worker, stock->frames,
				  stock->share.fill, usm_stock_take_in, stock);
}

/*
 * What the policy set aside is no help for a fault elsewhere, so the arena
 * alone is looked at; but a policy that keeps all to itself gets no more than
 * others.  needs: a fault finds nothing; else it is just about having some
 * ready.
 */
static void even_out(struct usm_stock *stock, bool needs)
{
	const struct usm_arena *arena = usm_checked_alloc_arena(stock->frames);
	uint32_t nr_free = usm_arena_nr_free(arena);

	/* Who was asked for frames is not to be quicker than who asked. */
	if (needs || !usm_shared_arena_nr_free(stock->shared))
		stock->gave = false;
	if (!stock->gave && nr_free < stock->share.low &&
	    usm_stock_nr(stock) < stock->share.high)
		fetch(stock);
	else if (nr_free > stock->share.high)
		usm_portion_return(stock->shared, stock->worker, stock->frames,
				   nr_free - stock->share.fill, false);
	if (usm_balance_take_asked(stock->balance, stock->worker)) {
		stock->gave = true;
		usm_portion_return(stock->shared, stock->worker, stock->frames,
				   (usm_stock_nr(stock) + 1) / 2, true);
	}
	usm_balance_publish(stock->balance, stock->worker, usm_stock_nr(stock));
}

void usm_stock_refresh(struct usm_stock *stock)
{
	if (usm_returned_pending(stock->returned, stock->worker))
		usm_returned_drain(stock->returned, stock->worker,
				   usm_stock_take_in, stock);
	if (stock->shared)
		even_out(stock, false);
}

bool usm_stock_asked(const struct usm_stock *stock)
{
	return stock->shared &&
	       usm_balance_asked(stock->balance, stock->worker);
}

bool usm_stock_hopeful(const struct usm_stock *stock)
{
	return stock->shared &&
	       (usm_shared_arena_nr_free(stock->shared) ||
		usm_balance_others_have(stock->balance, stock->worker));
}

uint32_t usm_stock_within_reach(const struct usm_stock *stock)
{
	return usm_stock_nr(stock) +
	       (stock->shared ? usm_shared_arena_nr_free(stock->shared) : 0);
}

/* Has anything turned up for this worker? */
static bool in_sight(const struct usm_stock *stock)
{
	return usm_returned_pending(stock->returned, stock->worker) ||
	       (stock->shared && usm_shared_arena_nr_free(stock->shared));
}

static uint32_t collect_and_pick(struct usm_stock *stock,
				 const struct usm_fault *fault)
{
	uint32_t collected = 0;

	if (usm_returned_collect(stock->returned, &collected) || !collected) {
		/* Another thread may have been faster. */
		if (!in_sight(stock))
			return USM_FRAME_NONE;
	}
	usm_stock_refresh(stock);
	return take_out(stock, fault);
}

uint32_t usm_stock_pick(struct usm_stock *stock, const struct usm_fault *fault,
			bool *dry)
{
	const struct usm_kernel *kernel = stock->kernel;
	uint32_t frame = take_out(stock, fault);
	uint32_t home = 0;
	uint64_t now;

	if (frame == USM_FRAME_NONE && stock->shared) {
		even_out(stock, true);
		frame = take_out(stock, fault);
	}
	if (frame == USM_FRAME_NONE && stock->lender.take_back &&
	    stock->lender.take_back(stock->lender.ctx))
		frame = take_out(stock, fault);
	if (frame != USM_FRAME_NONE)
		return frame;
	frame = collect_and_pick(stock, fault);
	if (frame != USM_FRAME_NONE)
		return frame;
	/* It is not that there are none. */
	if (usm_stock_hopeful(stock)) {
		usm_balance_ask(stock->balance, stock->worker);
		return USM_FRAME_NONE;
	}
	now = usm_now_ns();
	if (!usm_backoff_due(&stock->scan, now))
		return USM_FRAME_NONE;
	if (!kernel->scan(kernel->ctx, &home) && home)
		frame = collect_and_pick(stock, fault);
	usm_backoff_result(&stock->scan, now, frame != USM_FRAME_NONE);
	if (frame == USM_FRAME_NONE)
		*dry = true;
	return frame;
}
