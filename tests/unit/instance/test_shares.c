/* SPDX-License-Identifier: MIT */
/* Several workers' stocks over one shared arena, one thread here. */
#include <criterion/criterion.h>

#include "common/client.h"
#include "fake_kernel.h"
#include "instance/policies/alloc/registry.h"
#include "instance/worker/stock.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_policy.h"
#include "instance/worker/stock_refill.h"

#define WORKERS 2
#define FRAMES 4096

static struct fake_kernel fake;
static struct usm_shared_arena *shared;
static struct usm_balance balance;
static struct usm_returned *returned;
static struct usm_stock *stocks[WORKERS];
static uint32_t woken; /* a bit per worker */

static void wake(void *ctx, unsigned int worker)
{
	(void)ctx;
	woken |= 1U << worker;
}

static void setup_policy(const struct usm_alloc_policy *policy)
{
	unsigned int i;

	fake_kernel_init(&fake, FRAMES);
	cr_assert_eq(usm_returned_create(&fake.extent, 1, FAKE_BASE_PFN,
					 &fake.ops, &returned),
		     0);
	cr_assert_eq(usm_shared_arena_create(&fake.extent, 1, &shared), 0);
	cr_assert_eq(usm_returned_share(returned, shared, WORKERS), 0);
	balance.nr_workers = WORKERS;
	balance.returned = returned;
	balance.wake = wake;
	for (i = 0; i < WORKERS; i++) {
		cr_assert_eq(usm_stock_create(&fake.extent, 1, policy,
					      &fake.ops, returned, &stocks[i]),
			     0);
		usm_stock_share(stocks[i], shared, &balance, i);
	}
}

static void setup(void)
{
	setup_policy(&usm_alloc_first_fit);
}

static void teardown(void)
{
	unsigned int i;

	for (i = 0; i < WORKERS; i++)
		usm_stock_destroy(stocks[i]);
	usm_returned_destroy(returned);
	usm_shared_arena_destroy(shared);
	fake_kernel_fini(&fake);
}

TestSuite(shares, .init = setup, .fini = teardown);

static void fill(void)
{
	uint32_t recovered = 0;

	cr_assert_eq(usm_stock_reconcile(stocks[0], &recovered), 0);
	cr_assert_eq(recovered, FRAMES);
}

/* Picks a frame and has the kernel accept it. */
static uint32_t use(unsigned int worker, uint64_t page)
{
	const struct usm_fault fault = {
		.addr = page * USM_FRAME_BYTES,
		.vma_end = 1ULL << 40,
		.member = worker + 1,
	};
	bool dry = false;
	uint32_t frame = usm_stock_pick(stocks[worker], &fault, &dry);

	if (frame != USM_FRAME_NONE) {
		cr_assert_eq(*fake_state(&fake, frame), USM_FRAME_FREE);
		*fake_state(&fake, frame) = USM_FRAME_MAPPED;
	}
	return frame;
}

static uint32_t use_all(unsigned int worker)
{
	uint32_t nr = 0;

	while (use(worker, nr * 16) != USM_FRAME_NONE)
		nr++;
	return nr;
}

Test(shares, begin_in_the_shared_arena)
{
	fill();
	cr_assert_eq(usm_shared_arena_nr_free(shared), FRAMES);
	cr_assert_eq(usm_stock_nr(stocks[0]), 0);
	usm_stock_refresh(stocks[1]);
	cr_assert_eq(usm_stock_nr(stocks[1]), 256);
	cr_assert_eq(usm_shared_arena_nr_free(shared), FRAMES - 256);
	/* Nothing more is fetched before much of it is gone. */
	usm_stock_refresh(stocks[1]);
	cr_assert_eq(usm_stock_nr(stocks[1]), 256);
}

Test(shares, workers_never_have_the_same_frame)
{
	uint32_t nr, i;

	fill();
	for (nr = 0; nr < FRAMES; nr++)
		cr_assert_neq(use(nr % 2, nr), USM_FRAME_NONE);
	for (i = 0; i < FRAMES; i++)
		cr_assert_eq(*fake_state(&fake, FAKE_FIRST + i),
			     USM_FRAME_MAPPED);
	cr_assert_eq(use(0, 0), USM_FRAME_NONE);
	cr_assert_eq(use(1, 0), USM_FRAME_NONE);
}

Test(shares, what_comes_home_goes_to_its_owner)
{
	uint32_t frame;

	fill();
	frame = use(1, 0);
	fake_come_home(&fake, frame, 0);
	cr_assert_eq(usm_returned_collect(returned, NULL), 0);
	cr_assert_not(usm_returned_pending(returned, 0));
	usm_stock_refresh(stocks[1]);
	cr_assert(usm_stock_has(stocks[1], frame));
}

Test(shares, what_was_in_use_before_comes_home_to_all)
{
	uint32_t frame = FAKE_FIRST + 7;

	*fake_state(&fake, frame) = USM_FRAME_MAPPED;
	cr_assert_eq(usm_stock_reconcile(stocks[0], NULL), 0);
	cr_assert_eq(usm_shared_arena_nr_free(shared), FRAMES - 1);
	fake_come_home(&fake, frame, 0);
	cr_assert_eq(usm_returned_collect(returned, NULL), 0);
	cr_assert_eq(usm_shared_arena_nr_free(shared), FRAMES);
	/* Reported twice: once is enough. */
	cr_assert_eq(usm_returned_put(returned, frame), 0);
	cr_assert_eq(usm_shared_arena_nr_free(shared), FRAMES);
}

Test(shares, surplus_is_returned_in_whole_runs)
{
	uint32_t frames[1200], nr, whole = 0;
	struct usm_shared_run run;

	fill();
	for (nr = 0; nr < 1200; nr++)
		frames[nr] = use(0, nr);
	while (nr)
		fake_come_home(&fake, frames[--nr], 0);
	cr_assert_eq(usm_returned_collect(returned, NULL), 0);
	usm_stock_refresh(stocks[0]);
	cr_assert_eq(usm_stock_nr(stocks[0]), 256);
	cr_assert_eq(usm_shared_arena_nr_free(shared), FRAMES - 256);
	while (usm_shared_arena_take(shared, 1, USM_WANT_RUNS, 64, &run) == 64)
		whole += 64;
	/* The rest is one partial run kept here and there, and both ends. */
	cr_assert_geq(whole, FRAMES - 256 - 4 * 64);
}

Test(shares, starving_worker_gets_half_of_what_another_has)
{
	fill();
	usm_stock_refresh(stocks[1]);
	cr_assert_eq(use_all(0), FRAMES - 256);
	/* It has asked meanwhile. */
	cr_assert_eq(woken, 1U << 1);
	cr_assert(usm_stock_hopeful(stocks[0]));
	cr_assert(usm_stock_asked(stocks[1]));
	usm_stock_refresh(stocks[1]);
	cr_assert_not(usm_stock_asked(stocks[1]));
	cr_assert_eq(usm_stock_nr(stocks[1]), 128);
	cr_assert_eq(use_all(0), 128);
	/* Down to the last one. */
	do
		usm_stock_refresh(stocks[1]);
	while (use_all(0));
	cr_assert_eq(usm_stock_nr(stocks[1]), 0);
	cr_assert_not(usm_stock_hopeful(stocks[0]));
}

/* A worker with a pager looks after its stock again right away. */
Test(shares, who_was_asked_does_not_take_it_back)
{
	uint32_t page = 0;

	fill();
	while (usm_shared_arena_nr_free(shared) || usm_stock_nr(stocks[0]) > 40)
		use(0, page++);
	usm_stock_refresh(stocks[0]);
	cr_assert_eq(use(1, 0), USM_FRAME_NONE);
	usm_stock_refresh(stocks[0]);
	usm_stock_refresh(stocks[0]);
	cr_assert_eq(usm_shared_arena_nr_free(shared), 20);
	cr_assert_neq(use(1, 0), USM_FRAME_NONE);
	/* Unless it has nothing itself. */
	while (use(0, page++) != USM_FRAME_NONE)
		;
	cr_assert_eq(usm_shared_arena_nr_free(shared), 0);
}

Test(shares, frames_on_their_way_are_asked_for_too)
{
	uint32_t frame;

	fill();
	frame = use(1, 0);
	cr_assert_gt(use_all(1), 0);
	fake_come_home(&fake, frame, 0);
	cr_assert_eq(usm_returned_collect(returned, NULL), 0);
	woken = 0;
	cr_assert_eq(use(0, 0), USM_FRAME_NONE);
	cr_assert_eq(woken, 1U << 1);
	usm_stock_refresh(stocks[1]);
	cr_assert_eq(use(0, 0), frame);
}

Test(shares, given_frames_find_their_owner)
{
	uint32_t frame;

	fill();
	frame = use(1, 0);
	*fake_state(&fake, frame) = USM_FRAME_FREE;
	usm_stock_give(stocks[0], frame);
	cr_assert_not(usm_stock_has(stocks[0], frame));
	usm_stock_refresh(stocks[1]);
	cr_assert(usm_stock_has(stocks[1], frame));
}

Test(shares, lost_frames_are_found_by_their_owner_only)
{
	uint32_t frame, recovered = 0;

	fill();
	frame = use(1, 0);
	*fake_state(&fake, frame) = USM_FRAME_FREE;
	cr_assert_eq(usm_stock_reconcile(stocks[0], &recovered), 0);
	cr_assert_eq(recovered, 0);
	cr_assert_eq(usm_stock_reconcile(stocks[1], &recovered), 0);
	cr_assert_eq(recovered, 1);
	cr_assert(usm_stock_has(stocks[1], frame));
}

Test(shares, follow_another_size)
{
	const struct usm_extent smaller = { FAKE_FIRST, FRAMES / 2 };
	uint32_t frame;

	fill();
	frame = use(1, 0);
	usm_stock_refresh(stocks[0]);
	cr_assert_eq(usm_stock_resize_all(stocks, WORKERS, &smaller, 1), 0);
	cr_assert_eq(usm_stock_nr(stocks[0]), 0);
	cr_assert_eq(usm_shared_arena_nr_free(shared), FRAMES / 2 - 1);
	fake_come_home(&fake, frame, 0);
	cr_assert_eq(usm_returned_collect(returned, NULL), 0);
	cr_assert_eq(use_all(0) + use_all(1), FRAMES / 2);
}

Test(shares, policy_is_replaced_with_what_the_worker_owns)
{
	uint32_t frame, nr;

	fill();
	frame = use(1, 0);
	nr = usm_stock_nr(stocks[1]);
	cr_assert_eq(usm_stock_replace_policy(stocks[1], &usm_alloc_extent,
					      NULL, NULL),
		     0);
	cr_assert_eq(usm_stock_nr(stocks[1]), nr);
	fake_come_home(&fake, frame, 0);
	cr_assert_eq(usm_returned_collect(returned, NULL), 0);
	usm_stock_refresh(stocks[1]);
	cr_assert(usm_stock_has(stocks[1], frame));
	/* What the other has it does not own. */
	cr_assert_neq(use(0, 0), USM_FRAME_NONE);
	cr_assert_eq(use_all(0) + use_all(1), FRAMES - 1);
}

Test(set_aside, is_no_reason_to_starve, .fini = teardown)
{
	uint32_t nr;

	setup_policy(&usm_alloc_extent);
	fill();
	/* A frame of each run is used, the other 15 are set aside. */
	for (nr = 0; nr < FRAMES / 16 - 1; nr++)
		cr_assert_neq(use(1, nr * 16), USM_FRAME_NONE);
	nr += use_all(0);
	while (usm_stock_hopeful(stocks[0])) {
		usm_stock_refresh(stocks[1]);
		nr += use_all(0);
	}
	cr_assert_eq(nr, FRAMES);
}

Test(share, is_a_small_part_of_the_partition)
{
	uint32_t frames;
	unsigned int workers;

	for (workers = 1; workers <= USM_WORKERS_MAX; workers *= 2) {
		for (frames = 1; frames; frames *= 2) {
			struct usm_share share = usm_share_of(frames, workers);

			cr_assert_gt(share.low, 0);
			cr_assert_leq(share.low, share.fill);
			cr_assert_lt(share.fill, share.high);
			cr_assert(share.fill == 1 ||
				  (uint64_t)share.high * workers <= frames);
		}
	}
}
