/* SPDX-License-Identifier: MIT */
#include "instance/ahead/ahead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/ahead/ahead_parts.h"
#include "instance/ahead/back.h"
#include "instance/ahead/grant.h"
#include "instance/ahead/push.h"
#include "instance/ahead/room.h"
#include "instance/worker/stock_refill.h"

/* Given frames put aside at once while the extents change. */
#define BATCH 256U

/* ---- from and to the stocks --------------------------------------------------- */

static void arrived(void *ctx, uint32_t frame)
{
	struct usm_ahead_worker *worker = ctx;

	usm_given_clear(&worker->ahead->given, frame);
	if (worker->clean.word)
		usm_clean_forget(&worker->clean, frame);
}

static bool take_back(void *ctx)
{
	struct usm_ahead_worker *worker = ctx;
	struct usm_ahead *ahead = worker->ahead;
	uint32_t taken;

	if (!usm_given_nr(&ahead->given))
		return false;
	pthread_mutex_lock(&ahead->lock);
	taken = usm_back_all(worker);
	pthread_mutex_unlock(&ahead->lock);
	return taken;
}

int usm_ahead_create(const struct usm_ahead_options *options,
		     struct usm_ahead **out)
{
	unsigned int nr = options->nr_workers, i;
	struct usm_ahead *ahead =
		calloc(1, sizeof(*ahead) + nr * sizeof(ahead->workers[0]));
	int err;

	if (!ahead)
		return -ENOMEM;
	ahead->options = *options;
	ahead->notices.ring = options->notices;
	ahead->zeroer.fd = -1;
	pthread_mutex_init(&ahead->lock, NULL);
	err = usm_given_init(&ahead->given, options->pool_frames);
	if (!err)
		err = usm_zeroer_open(&ahead->zeroer, options->pool);
	if (err) {
		usm_ahead_destroy(ahead);
		return err;
	}
	for (i = 0; i < nr; i++) {
		struct usm_ahead_worker *worker = &ahead->workers[i];

		worker->ahead = ahead;
		worker->stock = options->stocks[i];
		usm_stock_lend(worker->stock, &(struct usm_stock_lender){
						      .ctx = worker,
						      .arrived = arrived,
						      .take_back = take_back,
					      });
	}
	*out = ahead;
	return 0;
}

void usm_ahead_destroy(struct usm_ahead *ahead)
{
	unsigned int i;

	if (!ahead)
		return;
	for (i = 0; i < ahead->options.nr_workers; i++)
		usm_clean_fini(&ahead->workers[i].clean);
	usm_zeroer_close(&ahead->zeroer);
	usm_given_fini(&ahead->given);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead);
}

/* ---- faults --------------------------------------------------------------------- */

/* It had to ask, so its magazine is empty. */
static void ask_refill(struct usm_ahead_worker *worker, uint32_t member)
{
	uint32_t i;

	for (i = 0; i < worker->nr_asked; i++)
		if (worker->asked[i] == member)
			return;
	if (worker->nr_asked < USM_AHEAD_ASKED_MAX)
		worker->asked[worker->nr_asked++] = member;
}

void usm_ahead_answering(struct usm_ahead *ahead, unsigned int worker,
			 const struct usm_fault *fault, uint32_t frame)
{
	struct usm_ahead_worker *own = &ahead->workers[worker];
	const struct usm_checked_alloc *frames = usm_stock_frames(own->stock);
	struct usm_magazine_wish wish;

	if (!fault->member || fault->kind == USM_FAULT_SWAPIN)
		return;
	usm_checked_alloc_magazine(frames, &wish);
	if (wish.depth)
		ask_refill(own, fault->member);
	if (fault->kind != USM_FAULT_ANON ||
	    !usm_checked_alloc_has_ranges(frames))
		return;
	pthread_mutex_lock(&ahead->lock);
	usm_grant_beside(own, fault, frame);
	pthread_mutex_unlock(&ahead->lock);
}

void usm_ahead_answered(struct usm_ahead *ahead, unsigned int worker)
{
	struct usm_ahead_worker *own = &ahead->workers[worker];
	uint32_t i;

	if (!own->nr_asked)
		return;
	usm_stock_refresh(own->stock);
	pthread_mutex_lock(&ahead->lock);
	for (i = 0; i < own->nr_asked; i++)
		usm_push_refill(own, own->asked[i]);
	pthread_mutex_unlock(&ahead->lock);
	own->nr_asked = 0;
}

/* ---- notices -------------------------------------------------------------------- */

static void ran_low(struct usm_ahead_queue *low, uint32_t member)
{
	uint32_t i;

	for (i = 0; i < low->nr; i++)
		if (low->member[i] == member)
			return;
	if (low->nr == USM_AHEAD_LOW_MAX)
		return;
	low->member[low->nr] = member;
	/* Looked at without the lock. */
	__atomic_store_n(&low->nr, low->nr + 1, __ATOMIC_RELAXED);
}

bool usm_ahead_used(struct usm_ahead *ahead, uint32_t frame)
{
	return usm_given_clear(&ahead->given, frame);
}

/* With the lock held. */
static void hear(struct usm_ahead *ahead, const struct usm_notice *notice)
{
	switch (notice->type) {
	case USM_NOTICE_USED:
		usm_ranges_used(&ahead->ranges, notice->frame, notice->pages);
		break;
	case USM_NOTICE_LOW:
		/* Nobody filled the shared one. */
		if (notice->member)
			ran_low(&ahead->low, notice->member);
		break;
	default:
		break;
	}
}

void usm_ahead_notice(struct usm_ahead *ahead, const struct usm_notice *notice)
{
	pthread_mutex_lock(&ahead->lock);
	hear(ahead, notice);
	pthread_mutex_unlock(&ahead->lock);
}

/*
 * The kernel may have taken a frame that was in stock for a page it moved, or
 * it was given ahead, used, and is in stock again.
 */
static void lose(struct usm_ahead_worker *worker, uint32_t frame)
{
	const struct usm_kernel *kernel = worker->ahead->options.kernel;
	struct usm_frame_info info;
	uint32_t nr = 1;

	if (usm_stock_has(worker->stock, frame) &&
	    !kernel->frames(kernel->ctx, frame, &info, &nr) && nr == 1 &&
	    info.state != USM_FRAME_FREE)
		usm_stock_lose(worker->stock, frame);
}

static void take_notice(void *ctx, const struct usm_notice *notice)
{
	struct usm_ahead_worker *worker = ctx;
	uint32_t i;

	if (notice->type == USM_NOTICE_USED)
		for (i = 0; i < notice->pages; i++)
			if (!usm_ahead_used(worker->ahead, notice->frame + i))
				lose(worker, notice->frame + i);
	hear(worker->ahead, notice);
}

/* What is lost says nothing that is not found out otherwise. */
static void read_notices(struct usm_ahead_worker *worker)
{
	struct usm_ahead *ahead = worker->ahead;

	if (!ahead->notices.ring || !usm_notices_pending(&ahead->notices))
		return;
	/* Who has the lock is a worker, and looks before it sleeps. */
	if (pthread_mutex_trylock(&ahead->lock))
		return;
	usm_notices_read(&ahead->notices, take_notice, worker);
	pthread_mutex_unlock(&ahead->lock);
}

bool usm_ahead_due(struct usm_ahead *ahead, unsigned int worker)
{
	read_notices(&ahead->workers[worker]);
	return __atomic_load_n(&ahead->low.nr, __ATOMIC_RELAXED);
}

void usm_ahead_evicting(struct usm_ahead *ahead, const uint32_t *frames,
			uint32_t nr)
{
	uint32_t i;

	/* Also when nothing is out: who takes the last of it back has the lock. */
	pthread_mutex_lock(&ahead->lock);
	for (i = 0; i < nr; i++)
		usm_given_clear(&ahead->given, frames[i]);
	pthread_mutex_unlock(&ahead->lock);
}

/* ---- between faults ------------------------------------------------------------- */

void usm_ahead_work(struct usm_ahead *ahead, unsigned int worker)
{
	struct usm_ahead_worker *own = &ahead->workers[worker];
	struct usm_ahead_queue low;
	uint32_t i;

	if (usm_ahead_due(ahead, worker)) {
		usm_stock_refresh(own->stock);
		pthread_mutex_lock(&ahead->lock);
		low = ahead->low;
		__atomic_store_n(&ahead->low.nr, 0, __ATOMIC_RELAXED);
		for (i = 0; i < low.nr; i++)
			usm_push_refill(own, low.member[i]);
		pthread_mutex_unlock(&ahead->lock);
	}
	if (usm_room_overdrawn(own))
		take_back(own);
}

bool usm_ahead_idle(struct usm_ahead *ahead, unsigned int worker)
{
	struct usm_ahead_worker *own = &ahead->workers[worker];
	struct usm_checked_alloc *frames = usm_stock_frames(own->stock);
	struct usm_magazine_wish wish;
	uint32_t dirty[USM_ZERO_SLICE], nr = USM_ZERO_SLICE, done, i;

	usm_checked_alloc_magazine(frames, &wish);
	if (own->clean.nr >= wish.zeroed)
		return false;
	/* Short of memory the kernel goes on zeroing. */
	if (!own->clean.word &&
	    usm_clean_init(&own->clean, ahead->options.pool_frames))
		return false;
	if (wish.zeroed - own->clean.nr < nr)
		nr = wish.zeroed - own->clean.nr;
	nr = usm_clean_find_dirty(&own->clean, frames, dirty, nr);
	done = usm_zeroer_run(&ahead->zeroer, dirty, nr);
	for (i = 0; i < done; i++)
		usm_clean_mark(&own->clean, dirty[i]);
	/* The kernel has it; it will say so when it has it no more. */
	if (done < nr)
		usm_stock_lose(own->stock, dirty[done]);
	return nr;
}

/* ---- what changes around it ------------------------------------------------------ */

void usm_ahead_member_gone(struct usm_ahead *ahead, uint32_t member)
{
	pthread_mutex_lock(&ahead->lock);
	usm_magazines_drop(&ahead->magazines, member);
	usm_ranges_drop(&ahead->ranges, member);
	pthread_mutex_unlock(&ahead->lock);
}

static bool inside(const struct usm_extent *extents, uint32_t nr_extents,
		   uint32_t frame)
{
	uint32_t i;

	for (i = 0; i < nr_extents; i++)
		if (frame - extents[i].first < extents[i].frames)
			return true;
	return false;
}

void usm_ahead_resized(struct usm_ahead *ahead,
		       const struct usm_extent *extents, uint32_t nr_extents)
{
	struct usm_given *given = &ahead->given;
	uint32_t frames[BATCH], from = 0, nr, i;

	pthread_mutex_lock(&ahead->lock);
	while (from < given->nr_frames) {
		nr = usm_given_take(given, from, frames, BATCH, &from);
		for (i = 0; i < nr; i++)
			if (inside(extents, nr_extents, frames[i]))
				usm_given_set(given, frames[i]);
	}
	for (i = 0; i < ahead->options.nr_workers; i++)
		usm_clean_forget_all(&ahead->workers[i].clean);
	pthread_mutex_unlock(&ahead->lock);
}

void usm_ahead_reset(struct usm_ahead *ahead)
{
	take_back(&ahead->workers[0]);
}

uint32_t usm_ahead_stats(const struct usm_ahead *ahead,
			 struct usm_policy_stat *stats, uint32_t nr)
{
	const struct usm_ahead_counts *counts = &ahead->counts;
	const struct usm_policy_stat all[] = {
		{ "out", usm_given_nr(&ahead->given) },
		{ "pushed", counts->pushed },
		{ "vouched", counts->vouched },
		{ "ranges", counts->ranges },
		{ "taken_back", counts->taken_back },
	};
	uint32_t i;

	if (!counts->pushed && !counts->ranges)
		return 0;
	for (i = 0; i < nr && i < sizeof(all) / sizeof(all[0]); i++)
		stats[i] = all[i];
	return i;
}
