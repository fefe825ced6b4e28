/* SPDX-License-Identifier: MIT */
/*
 * Two workers give frames ahead from stocks of their own while members use
 * them, free them and ask when they find none: a frame in two hands, one that
 * is vouched for and not zero, or a member that is never served, is a failure.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/client.h"
#include "frames.h"
#include "instance/ahead/ahead.h"
#include "instance/policies/alloc/registry.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_refill.h"
#include "race.h"

#define WORKERS 2
#define MEMBERS 3
#define FRAMES 512
#define HELD 40 /* frames a member keeps before it frees the oldest */

static struct race_frames frames;

/* Frames in magazines, under the lock of the record. */
static struct {
	bool vouched;
	uint32_t member;
} given[FRAMES];
static struct usm_notices notices;
static uint32_t low[MEMBERS + 1];
static char *pool;

static struct usm_stock *stocks[WORKERS];
static struct usm_returned *returned;
static struct usm_ahead *ahead;

/* A member asks its worker: 1, and the answer + 2. */
static uint32_t asked[MEMBERS + 1];
static uint64_t rounds, ahead_served, vouched_served;
static uint32_t running = MEMBERS;

static int kernel_push(void *ctx, const uint32_t *list, uint32_t nr,
		       struct usm_push *push)
{
	(void)ctx;
	push->done = 0;
	push->error = 0;
	pthread_mutex_lock(&frames.lock);
	for (; push->done < nr; push->done++) {
		uint32_t frame = list[push->done];

		race_check(frames.state[frame] == USM_FRAME_FREE,
			   "frame %u is not free", frame);
		frames.state[frame] = USM_FRAME_GRANTED;
		given[frame].vouched = push->flags & USM_PUSH_ZEROED;
		given[frame].member = push->member;
	}
	low[push->member] = push->low;
	pthread_mutex_unlock(&frames.lock);
	return 0;
}

static int kernel_free(void *ctx, struct usm_free_entry *entries, uint32_t nr)
{
	uint32_t i;

	(void)ctx;
	pthread_mutex_lock(&frames.lock);
	for (i = 0; i < nr; i++) {
		uint32_t frame = entries[i].frame;

		entries[i].result = -ESTALE;
		if (frames.state[frame] != USM_FRAME_GRANTED)
			continue;
		frames.state[frame] = USM_FRAME_FREE;
		entries[i].result = 0;
	}
	pthread_mutex_unlock(&frames.lock);
	return 0;
}

static uint32_t stocked(uint32_t member)
{
	uint32_t nr = 0, i;

	for (i = 0; i < FRAMES; i++)
		nr += frames.state[i] == USM_FRAME_GRANTED &&
		      given[i].member == member;
	return nr;
}

static int kernel_stocked(void *ctx, uint32_t member, uint32_t *out)
{
	(void)ctx;
	pthread_mutex_lock(&frames.lock);
	*out = stocked(member);
	pthread_mutex_unlock(&frames.lock);
	return 0;
}

static const struct usm_kernel kernel = {
	.ctx = &frames,
	.push = kernel_push,
	.free = kernel_free,
	.stocked = kernel_stocked,
	.frames = race_frames_list,
	.scan = race_frames_scan,
	.read_freed = race_frames_read_freed,
};

/* With the lock held. */
static void post(uint8_t type, uint32_t member, uint32_t frame)
{
	if (notices.head - __atomic_load_n(&notices.tail, __ATOMIC_ACQUIRE) >=
	    USM_NOTICES) {
		__atomic_fetch_add(&notices.lost, 1, __ATOMIC_RELEASE);
		return;
	}
	notices.ring[notices.head % USM_NOTICES] = (struct usm_notice){
		.type = type,
		.pages = 1,
		.frame = frame,
		.member = member,
	};
	__atomic_store_n(&notices.head, notices.head + 1, __ATOMIC_RELEASE);
}

/* A frame of the member's magazine, in use from now on; or none. */
static uint32_t take_ahead(uint32_t member, bool *vouched)
{
	uint32_t frame;

	pthread_mutex_lock(&frames.lock);
	for (frame = 0; frame < FRAMES; frame++)
		if (frames.state[frame] == USM_FRAME_GRANTED &&
		    given[frame].member == member)
			break;
	if (frame < FRAMES) {
		frames.state[frame] = USM_FRAME_MAPPED;
		*vouched = given[frame].vouched;
		post(USM_NOTICE_USED, member, frame);
		if (stocked(member) + 1 == low[member])
			post(USM_NOTICE_LOW, member, 0);
	}
	pthread_mutex_unlock(&frames.lock);
	return frame < FRAMES ? frame : USM_FRAME_NONE;
}

static uint32_t ask(uint32_t member)
{
	uint32_t answer;

	__atomic_store_n(&asked[member], 1, __ATOMIC_SEQ_CST);
	while ((answer = __atomic_load_n(&asked[member], __ATOMIC_SEQ_CST)) < 2)
		sched_yield();
	__atomic_store_n(&asked[member], 0, __ATOMIC_SEQ_CST);
	return answer - 2;
}

static void *member_main(void *arg)
{
	uint32_t member = (uint32_t)(uintptr_t)arg, held[HELD] = { 0 }, i;
	uint64_t round;

	for (round = 0; round < rounds; round++) {
		bool vouched = false;
		uint32_t frame = take_ahead(member, &vouched);
		char *page;

		if (frame == USM_FRAME_NONE)
			frame = ask(member);
		else
			__atomic_fetch_add(&ahead_served, 1, __ATOMIC_RELAXED);
		page = pool + frame * USM_FRAME_BYTES;
		if (vouched) {
			__atomic_fetch_add(&vouched_served, 1,
					   __ATOMIC_RELAXED);
			for (i = 0; i < USM_FRAME_BYTES; i += 512)
				race_check(!page[i], "frame %u is not zero",
					   frame);
		}
		for (i = 0; i < USM_FRAME_BYTES; i += 512)
			page[i] = (char)member;
		if (round >= HELD)
			race_frames_let_go(&frames, held[round % HELD]);
		held[round % HELD] = frame;
	}
	for (i = 0; i < HELD; i++)
		race_frames_let_go(&frames, held[i]);
	__atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static bool answer(unsigned int worker, uint32_t member)
{
	const struct usm_fault fault = { .member = member };
	bool dry = false;
	uint32_t frame = usm_stock_pick(stocks[worker], &fault, &dry);

	if (frame == USM_FRAME_NONE)
		return false;
	pthread_mutex_lock(&frames.lock);
	race_check(!race_frames_use(&frames, frame),
		   "frame %u is given and not free", frame);
	pthread_mutex_unlock(&frames.lock);
	usm_ahead_answering(ahead, worker, &fault, frame);
	__atomic_store_n(&asked[member], frame + 2, __ATOMIC_SEQ_CST);
	return true;
}

static void *worker_main(void *arg)
{
	unsigned int worker = (unsigned int)(uintptr_t)arg;
	uint32_t member;

	while (__atomic_load_n(&running, __ATOMIC_SEQ_CST)) {
		usm_stock_refresh(stocks[worker]);
		for (member = 1; member <= MEMBERS; member++)
			if (member % WORKERS == worker &&
			    __atomic_load_n(&asked[member], __ATOMIC_SEQ_CST) ==
				    1)
				answer(worker, member);
		usm_ahead_answered(ahead, worker);
		usm_ahead_work(ahead, worker);
		usm_ahead_idle(ahead, worker);
		usm_returned_collect(returned, NULL);
		sched_yield();
	}
	return NULL;
}

static void nothing(void *ctx, unsigned int worker)
{
	(void)ctx;
	(void)worker;
}

int main(void)
{
	static struct usm_balance balance = {
		.nr_workers = WORKERS,
		.wake = nothing,
	};
	const struct usm_extent extent = { 0, FRAMES };
	struct usm_ahead_options options = {
		.kernel = &kernel,
		.stocks = stocks,
		.nr_workers = WORKERS,
		.notices = &notices,
		.pool_frames = FRAMES,
	};
	struct usm_shared_arena *shared = NULL;
	pthread_t threads[WORKERS + MEMBERS];
	uint32_t i;

	race_watchdog();
	rounds = race_rounds(4000);
	pool = calloc(FRAMES, USM_FRAME_BYTES);
	memset(pool, 0xaa, FRAMES * USM_FRAME_BYTES);
	options.pool = pool;
	race_frames_init(&frames, 0, FRAMES);
	race_check(!usm_returned_create(&extent, 1, RACE_BASE_PFN, &kernel,
					&returned) &&
			   !usm_shared_arena_create(&extent, 1, &shared) &&
			   !usm_returned_share(returned, shared, WORKERS),
		   "cannot begin");
	balance.returned = returned;
	for (i = 0; i < WORKERS; i++) {
		race_check(!usm_stock_create(&extent, 1, &usm_alloc_zeroed,
					     &kernel, returned, &stocks[i]),
			   "no stock");
		usm_stock_share(stocks[i], shared, &balance, i);
	}
	race_check(!usm_ahead_create(&options, &ahead) &&
			   !usm_stock_reconcile(stocks[0], NULL),
		   "cannot begin");
	for (i = 0; i < WORKERS + MEMBERS; i++)
		pthread_create(
			&threads[i], NULL,
			i < WORKERS ? worker_main : member_main,
			(void *)(uintptr_t)(i < WORKERS ? i : i - WORKERS + 1));
	for (i = 0; i < WORKERS + MEMBERS; i++)
		pthread_join(threads[i], NULL);
	usm_ahead_reset(ahead);
	usm_returned_collect(returned, NULL);
	for (i = 0; i < FRAMES; i++)
		race_check(frames.state[i] == USM_FRAME_FREE,
			   "frame %u is lost", i);
	race_check(ahead_served && vouched_served, "nothing was given ahead");
	for (i = 0; i < WORKERS; i++)
		usm_stock_destroy(stocks[i]);
	usm_ahead_destroy(ahead);
	usm_returned_destroy(returned);
	usm_shared_arena_destroy(shared);
	free(pool);
	return 0;
}
