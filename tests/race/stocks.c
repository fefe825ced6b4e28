/* SPDX-License-Identifier: MIT */
/*
 * Several workers with a stock each over one shared arena, and a control thread
 * that collects what comes home: a frame is in one place at a time, whoever
 * frees it, none is lost, and nobody starves while others have some.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>

#include "frames.h"
#include "instance/policies/alloc/registry.h"
#include "instance/worker/stock.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_refill.h"
#include "race.h"

#define WORKERS 4
#define FIRST 77
#define FRAMES 400
#define HELD 95 /* by each at most, so that together they nearly use all */

/* Picks in a row without a frame before a worker counts as starved. */
#define PATIENCE 1000000

static struct usm_shared_arena *shared;
static struct usm_balance balance;
static struct usm_returned *returned;
static struct usm_stock *stocks[WORKERS];
static uint64_t rounds;
static unsigned int nr_done; /* workers through with their rounds */
static bool stop;

static struct race_frames frames;

static void use(uint32_t frame)
{
	pthread_mutex_lock(&frames.lock);
	race_check(!race_frames_use(&frames, frame), "frame %u in two hands",
		   frame);
	pthread_mutex_unlock(&frames.lock);
}

static uint32_t pick(struct usm_stock *stock, const struct usm_fault *fault)
{
	uint32_t frame, tries;
	bool dry = false;

	for (tries = 0; tries < PATIENCE; tries++) {
		frame = usm_stock_pick(stock, fault, &dry);
		if (frame != USM_FRAME_NONE)
			return frame;
		sched_yield();
		usm_stock_refresh(stock);
	}
	race_fail(__FILE__, __LINE__, "worker starves");
}

static void *work(void *arg)
{
	unsigned int worker = (unsigned int)(uintptr_t)arg;
	struct usm_stock *stock = stocks[worker];
	uint64_t random = 88172645463325252ULL + worker, round;
	uint32_t held[HELD], nr_held = 0, mine;

	for (round = 0; round < rounds; round++) {
		struct usm_fault fault = {
			.member = worker + 1,
			.vma_end = 1ULL << 30,
		};

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		fault.addr = random % 2048 << 12;
		usm_stock_refresh(stock);
		/* Each has its time with many and its time with few. */
		mine = (round / 512 + worker) % 2 ? HELD : HELD / 8;
		while (nr_held >= mine)
			race_frames_let_go(&frames, held[--nr_held]);
		held[nr_held] = pick(stock, &fault);
		use(held[nr_held++]);
		if (random % 64 == 0)
			race_check(!usm_stock_reconcile(stock, NULL), "books");
		if (random % 256 == 1)
			usm_stock_member_gone(stock, worker + 1);
	}
	while (nr_held)
		race_frames_let_go(&frames, held[--nr_held]);
	__atomic_fetch_add(&nr_done, 1, __ATOMIC_SEQ_CST);
	/* Whoever is done still gives when it is asked, as in an idle worker. */
	while (__atomic_load_n(&nr_done, __ATOMIC_RELAXED) < WORKERS) {
		usm_stock_refresh(stock);
		sched_yield();
	}
	return NULL;
}

static void *control(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		race_check(!usm_returned_collect(returned, NULL), "collect");
		sched_yield();
	}
	return arg;
}

static uint32_t nr_in_stock(void)
{
	uint32_t nr = usm_shared_arena_nr_free(shared);
	unsigned int i;

	for (i = 0; i < WORKERS; i++)
		nr += usm_stock_nr(stocks[i]);
	return nr;
}

static void check_nothing_lost(void)
{
	unsigned int i;
	uint32_t at, holders;

	race_check(!usm_returned_collect(returned, NULL), "collect");
	for (i = 0; i < WORKERS; i++)
		usm_stock_refresh(stocks[i]);
	race_check(nr_in_stock() == FRAMES, "%u frames in stock",
		   nr_in_stock());
	for (at = 0; at < FRAMES; at++) {
		holders = usm_shared_arena_owner(shared, FIRST + at) ==
			  USM_OWNER_RESERVE;
		for (i = 0; i < WORKERS; i++)
			holders += usm_stock_has(stocks[i], FIRST + at);
		race_check(holders == 1, "frame %u in %u stocks", FIRST + at,
			   holders);
	}
}

int main(void)
{
	static const struct usm_extent extent = { FIRST, FRAMES };
	static const struct usm_kernel kernel = {
		.ctx = &frames,
		.scan = race_frames_scan,
		.frames = race_frames_list,
		.read_freed = race_frames_read_freed,
	};
	pthread_t threads[WORKERS], reader;
	uint32_t recovered = 0;
	uintptr_t i;

	race_watchdog();
	rounds = race_rounds(20000);
	race_frames_init(&frames, FIRST, FRAMES);
	race_check(!usm_returned_create(&extent, 1, RACE_BASE_PFN, &kernel,
					&returned),
		   "returned");
	race_check(!usm_shared_arena_create(&extent, 1, &shared), "shared");
	race_check(!usm_returned_share(returned, shared, WORKERS), "share");
	balance.nr_workers = WORKERS;
	balance.returned = returned;
	for (i = 0; i < WORKERS; i++) {
		race_check(!usm_stock_create(&extent, 1, &usm_alloc_extent,
					     &kernel, returned, &stocks[i]),
			   "stock");
		usm_stock_share(stocks[i], shared, &balance, (unsigned int)i);
	}
	race_check(!usm_stock_reconcile(stocks[0], &recovered), "reconcile");
	race_check(recovered == FRAMES, "%u frames at first", recovered);
	race_check(!pthread_create(&reader, NULL, control, NULL), "thread");
	for (i = 0; i < WORKERS; i++)
		race_check(!pthread_create(&threads[i], NULL, work, (void *)i),
			   "thread");
	for (i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(reader, NULL);
	check_nothing_lost();
	printf("%lu picks\n", rounds * WORKERS);
	for (i = 0; i < WORKERS; i++)
		usm_stock_destroy(stocks[i]);
	usm_returned_destroy(returned);
	usm_shared_arena_destroy(shared);
	return 0;
}
