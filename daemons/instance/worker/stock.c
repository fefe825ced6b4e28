/* SPDX-License-Identifier: MIT */
#include "instance/worker/stock.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/worker/stock_parts.h"

/*
 * A scan walks the whole partition in the kernel.  While a partition is full
 * every fault would ask for one, so fruitless ones get rarer: 1 ms is about a
 * scan of 64 Ki frames, 128 ms is beyond the default deadline of a fault.
 */
#define SCAN_PAUSE_MIN_NS 1000000ULL
#define SCAN_PAUSE_MAX_NS 128000000ULL

#define RUN USM_SHARED_RUN_FRAMES

static void remember(struct usm_stock *stock, const struct usm_extent *extents,
		     unsigned int nr_extents)
{
	unsigned int i;

	for (i = 0; i < nr_extents; i++)
		stock->extents[i] = extents[i];
	stock->nr_extents = nr_extents;
}

int usm_stock_create(const struct usm_extent *extents, unsigned int nr_extents,
		     const struct usm_alloc_policy *policy,
		     const struct usm_kernel *kernel,
		     struct usm_returned *returned, struct usm_stock **out)
{
	struct usm_stock *stock = calloc(1, sizeof(*stock));
	int err;

	if (!stock)
		return -ENOMEM;
	stock->policy = policy;
	stock->kernel = kernel;
	stock->returned = returned;
	err = usm_checked_alloc_create(policy, NULL, extents, nr_extents,
				       &stock->frames, NULL);
	if (err) {
		free(stock);
		return err;
	}
	remember(stock, extents, nr_extents);
	usm_backoff_init(&stock->scan, SCAN_PAUSE_MIN_NS, SCAN_PAUSE_MAX_NS);
	*out = stock;
	return 0;
}

void usm_stock_destroy(struct usm_stock *stock)
{
	if (!stock)
		return;
	usm_checked_alloc_destroy(stock->frames);
	free(stock);
}

/* How much of the partition's frames is this worker's to keep. */
static void reckon_share(struct usm_stock *stock)
{
	uint32_t frames = 0;
	unsigned int i;

	for (i = 0; i < stock->nr_extents; i++)
		frames += stock->extents[i].frames;
	stock->share = usm_share_of(frames, stock->balance->nr_workers);
}

void usm_stock_share(struct usm_stock *stock, struct usm_shared_arena *shared,
		     struct usm_balance *balance, unsigned int worker)
{
	stock->shared = shared;
	stock->balance = balance;
	stock->worker = worker;
	reckon_share(stock);
	usm_arena_disown_all(usm_checked_alloc_arena(stock->frames));
}

/* They are nobody else's in the new arenas, either. */
static void keep_held(struct usm_stock *stock)
{
	struct usm_arena *arena = usm_checked_alloc_arena(stock->frames);
	uint32_t i;

	for (i = 0; i < stock->nr_held; i++) {
		uint32_t frame = stock->held[i].frame;

		if (!usm_shared_arena_claim(stock->shared, stock->worker,
					    frame))
			usm_arena_own(arena, frame & ~(RUN - 1),
				      1ULL << frame % RUN);
	}
}

void usm_stock_begin_anew(struct usm_stock *stock,
			  struct usm_checked_alloc *frames,
			  const struct usm_extent *extents,
			  unsigned int nr_extents)
{
	usm_checked_alloc_destroy(stock->frames);
	stock->frames = frames;
	remember(stock, extents, nr_extents);
	stock->resizes++;
	if (!stock->shared)
		return;
	usm_stock_share(stock, stock->shared, stock->balance, stock->worker);
	keep_held(stock);
}

bool usm_stock_has(const struct usm_stock *stock, uint32_t frame)
{
	return usm_checked_alloc_has(stock->frames, frame);
}

/* Its place among those held; nr_held: it is not.  Few are, at most times. */
static uint32_t find_held(const struct usm_stock *stock, uint32_t frame)
{
	uint32_t i;

	for (i = 0; i < stock->nr_held && stock->held[i].frame != frame; i++)
		;
	return i;
}

void usm_stock_hold(struct usm_stock *stock, uint32_t frame)
{
	stock->held[stock->nr_held++] = (struct usm_stock_held){
		.frame = frame,
		.resizes = stock->resizes,
	};
}

bool usm_stock_let_go(struct usm_stock *stock, uint32_t frame)
{
	uint32_t i = find_held(stock, frame);
	bool stayed = stock->held[i].resizes == stock->resizes;

	stock->held[i] = stock->held[--stock->nr_held];
	return stayed;
}

void usm_stock_take_in(void *ctx, uint32_t frame)
{
	struct usm_stock *stock = ctx;

	/* Reconciling may have found it first. */
	if (find_held(stock, frame) < stock->nr_held)
		return;
	if (stock->lender.arrived)
		stock->lender.arrived(stock->lender.ctx, frame);
	if (usm_checked_alloc_give(stock->frames, frame) && stock->watch)
		stock->watch(stock->watch_ctx, frame);
}

void usm_stock_watch(struct usm_stock *stock,
		     void (*watch)(void *ctx, uint32_t frame), void *ctx)
{
	stock->watch = watch;
	stock->watch_ctx = ctx;
}

void usm_stock_lend(struct usm_stock *stock,
		    const struct usm_stock_lender *lender)
{
	stock->lender = *lender;
}

void usm_stock_quiet(struct usm_stock *stock)
{
	usm_returned_lock(stock->returned);
	usm_returned_drain(stock->returned, stock->worker, usm_stock_take_in,
			   stock);
}

void usm_stock_unquiet(struct usm_stock *stock)
{
	usm_returned_unlock(stock->returned);
}

struct usm_checked_alloc *usm_stock_frames(struct usm_stock *stock)
{
	return stock->frames;
}

void usm_stock_give(struct usm_stock *stock, uint32_t frame)
{
	if (usm_checked_alloc_owns(stock->frames, frame))
		usm_stock_take_in(stock, frame);
	else if (stock->shared)
		usm_returned_put(stock->returned, frame);
}

void usm_stock_lose(struct usm_stock *stock, uint32_t frame)
{
	usm_checked_alloc_take(stock->frames, frame);
}

uint32_t usm_stock_nr(const struct usm_stock *stock)
{
	return usm_checked_alloc_nr(stock->frames);
}

uint32_t usm_stock_nr_all(const struct usm_stock *stock)
{
	if (!stock->shared)
		return usm_stock_nr(stock);
	return usm_balance_nr_free(stock->balance) +
	       usm_shared_arena_nr_free(stock->shared);
}

void usm_stock_member_new(struct usm_stock *stock,
			  const struct usm_process *process)
{
	usm_checked_alloc_process_new(stock->frames, process);
}

void usm_stock_member_gone(struct usm_stock *stock, uint32_t member)
{
	usm_checked_alloc_process_exit(stock->frames, member);
}

uint32_t usm_stock_stats(const struct usm_stock *stock,
			 struct usm_policy_stat *stats, uint32_t nr)
{
	return usm_checked_alloc_stats(stock->frames, stats, nr);
}

const char *usm_stock_policy_name(const struct usm_stock *stock)
{
	return stock->policy->name;
}
