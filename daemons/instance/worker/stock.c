/* SPDX-License-Identifier: MIT */
#include "instance/worker/stock.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/policies/alloc/checked.h"
#include "instance/worker/backoff.h"
#include "instance/worker/portion.h"

/*
 * A scan walks the whole partition in the kernel.  While a partition is full
 * every fault would ask for one, so fruitless ones get rarer: 1 ms is about a
 * scan of 64 Ki frames, 128 ms is beyond the default deadline of a fault.
 */
#define SCAN_PAUSE_MIN_NS 1000000ULL
#define SCAN_PAUSE_MAX_NS 128000000ULL

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
	uint32_t held[USM_SLOTS_MAX]; /* being filled, in no order */
	void (*watch)(void *ctx, uint32_t frame);
	void *watch_ctx;
	struct usm_stock_lender lender; /* zeroed: nobody */
	unsigned int nr_extents;
	struct usm_extent extents[USM_EXTENTS_MAX];
};

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
	usm_returned_unlock(stock->returned);
	if (!err && shared)
		usm_shared_arena_swap(stock->shared, shared);
	usm_shared_arena_destroy(shared);
	return err;
}

static void begin_anew(struct usm_stock *stock,
		       struct usm_checked_alloc *frames,
		       const struct usm_extent *extents,
		       unsigned int nr_extents)
{
	usm_checked_alloc_destroy(stock->frames);
	stock->frames = frames;
	remember(stock, extents, nr_extents);
	if (stock->shared)
		usm_stock_share(stock, stock->shared, stock->balance,
				stock->worker);
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
			begin_anew(stocks[i], frames[i], extents, nr_extents);
	}
	return err ? err : usm_stock_reconcile(stocks[0], NULL);
}

int usm_stock_prepare_policy(const struct usm_stock *stock,
			     const struct usm_alloc_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_checked_alloc **out,
			     struct usm_failure *failure)
{
	return usm_checked_alloc_create(policy, settings, stock->extents,
					stock->nr_extents, out, failure);
}

void usm_stock_adopt_policy(struct usm_stock *stock,
			    const struct usm_alloc_policy *policy,
			    const struct usm_settings *settings,
			    struct usm_checked_alloc *frames)
{
	usm_checked_alloc_copy(stock->frames, frames);
	usm_checked_alloc_destroy(stock->frames);
	stock->frames = frames;
	stock->policy = policy;
	stock->settings = settings ? *settings : (struct usm_settings){ 0 };
}

int usm_stock_replace_policy(struct usm_stock *stock,
			     const struct usm_alloc_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_failure *failure)
{
	struct usm_checked_alloc *frames = NULL;
	int err = usm_stock_prepare_policy(stock, policy, settings, &frames,
					   failure);

	if (!err)
		usm_stock_adopt_policy(stock, policy, settings, frames);
	return err;
}

void usm_stock_destroy(struct usm_stock *stock)
{
	if (!stock)
		return;
	usm_checked_alloc_destroy(stock->frames);
	free(stock);
}

bool usm_stock_has(const struct usm_stock *stock, uint32_t frame)
{
	return usm_checked_alloc_has(stock->frames, frame);
}

/* Its place among those held; nr_held: it is not.  Few are, at most times. */
static uint32_t find_held(const struct usm_stock *stock, uint32_t frame)
{
	uint32_t i;

	for (i = 0; i < stock->nr_held && stock->held[i] != frame; i++)
		;
	return i;
}

void usm_stock_hold(struct usm_stock *stock, uint32_t frame)
{
	stock->held[stock->nr_held++] = frame;
}

void usm_stock_let_go(struct usm_stock *stock, uint32_t frame)
{
	uint32_t i = find_held(stock, frame);

	if (i < stock->nr_held)
		stock->held[i] = stock->held[--stock->nr_held];
}

static void take_in(void *ctx, uint32_t frame)
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

static uint32_t take_out(struct usm_stock *stock, const struct usm_fault *fault)
{
	return usm_checked_alloc_pick(stock->frames, fault);
}

static void fetch(struct usm_stock *stock)
{
	if (usm_shared_arena_nr_free(stock->shared))
		usm_portion_fetch(stock->shared, stock->worker, stock->frames,
				  stock->share.fill, take_in, stock);
}

/*
 * What the policy set aside is no help for a fault elsewhere, so the arena
 * alone is looked at; but a policy that keeps all to itself gets no more than
 * others.
 */
/* needs: a fault finds nothing; else it is just about having some ready. */
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
		usm_returned_drain(stock->returned, stock->worker, take_in,
				   stock);
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

/* True when the frame is no other worker's; it may end in the shared arena. */
static bool recover(struct usm_stock *stock, uint32_t frame)
{
	if (usm_checked_alloc_owns(stock->frames, frame)) {
		take_in(stock, frame);
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
	usm_returned_lock(stock->returned);
	usm_returned_drain(stock->returned, stock->worker, take_in, stock);
	for (e = 0; e < stock->nr_extents && !err; e++) {
		uint32_t at = stock->extents[e].first;
		uint32_t left = stock->extents[e].frames, seen = 0;

		for (; left && !err; at += seen, left -= seen) {
			err = reconcile_chunk(stock, at, left, &seen, &found);
			if (!err && !seen)
				err = -EIO;
		}
	}
	usm_returned_unlock(stock->returned);
	/* It paid, so the next time is not put off. */
	if (found)
		usm_backoff_result(&stock->scan, usm_now_ns(), true);
	if (!err && recovered)
		*recovered = found;
	return err;
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
	usm_returned_lock(stock->returned);
	usm_returned_drain(stock->returned, stock->worker, take_in, stock);
	if (kernel_says_free(stock, frame))
		take_in(stock, frame);
	usm_returned_unlock(stock->returned);
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
	usm_returned_drain(stock->returned, stock->worker, take_in, stock);
}

void usm_stock_unquiet(struct usm_stock *stock)
{
	usm_returned_unlock(stock->returned);
}

struct usm_checked_alloc *usm_stock_frames(struct usm_stock *stock)
{
	return stock->frames;
}

uint32_t usm_stock_within_reach(const struct usm_stock *stock)
{
	return usm_stock_nr(stock) +
	       (stock->shared ? usm_shared_arena_nr_free(stock->shared) : 0);
}

void usm_stock_give(struct usm_stock *stock, uint32_t frame)
{
	if (usm_checked_alloc_owns(stock->frames, frame))
		take_in(stock, frame);
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
