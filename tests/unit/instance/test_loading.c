/* SPDX-License-Identifier: MIT */
/* A worker whose evicted pages come from a slow device. */
#include <criterion/criterion.h>
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/client.h"
#include "fake_device.h"
#include "fake_kernel.h"
#include "fake_pages.h"
#include "instance/evict/pager.h"
#include "instance/policies/alloc/registry.h"
#include "instance/policies/evict/registry.h"
#include "instance/policies/prefetch/registry.h"
#include "instance/worker/backoff.h"
#include "instance/worker/local_manager.h"
#include "instance/worker/slot.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_refill.h"

#define SLOTS 64
#define DELAY_MS 5
/* However busy the machine, it is not over before the next line. */
#define LONG_DELAY_MS 1000
#define LIMIT_S 10
#define RETRY_US 500
#define STEPS 4000
#define TRIES 10
#define NOBODY UINT32_MAX

static const struct usm_extent partition = { 0, FAKE_PAGE_FRAMES };

static struct fake_pages *fake;
static struct usm_swap_device slow;
static struct usm_returned *returned;
static struct usm_stock *stock;
static struct usm_pager *pager;
static struct usm_local_manager *manager;
static struct usm_bitfield pfq;
static struct usm_slot slots[SLOTS];
static uint32_t wants[SLOTS]; /* page, NOBODY: the slot is idle */
static sem_t rung;

static bool take_answer(uint32_t index);

/* Nobody sleeps here: it only settles. */
static int map(void *ctx, struct usm_map_entry *entries, uint32_t nr)
{
	uint32_t i;

	(void)ctx;
	for (i = 0; i < nr; i++)
		entries[i].result = take_answer(entries[i].slot) ? 0 : -ESTALE;
	return 0;
}

static void ring(void *ctx)
{
	sem_post(ctx);
}

static void build(uint32_t delay_ms, uint32_t depth)
{
	const struct usm_channel_view view = {
		.pfq = &pfq,
		.slots = slots,
		.nr_slots = SLOTS,
	};
	struct usm_pager_options options = {
		.policy = &usm_evict_clock,
		.device = &slow,
		.pool_frames = FAKE_PAGE_FRAMES,
		.marks = usm_watermarks_of(FAKE_PAGE_FRAMES, 0, 1),
	};
	uint32_t i;

	fake = calloc(1, sizeof(*fake));
	fake_pages_init(fake, 3);
	fake->ops.map = map;
	fake_device_slow(&fake->device, delay_ms, depth, &slow);
	options.kernel = &fake->ops;
	options.notices = &fake->notices;
	options.pool = (char *)fake->pool;
	sem_init(&rung, 0, 0);
	for (i = 0; i < SLOTS; i++)
		wants[i] = NOBODY;
	cr_assert_eq(
		usm_returned_create(&partition, 1, 0, &fake->ops, &returned),
		0);
	cr_assert_eq(usm_stock_create(&partition, 1, &usm_alloc_first_fit,
				      &fake->ops, returned, &stock),
		     0);
	options.stock = stock;
	cr_assert_eq(usm_pager_create(&options, &pager), 0);
	cr_assert_eq(usm_stock_reconcile(stock, NULL), 0);
	cr_assert_eq(usm_local_manager_create(&view, ~0ULL, stock, pager,
					      1000000000, &fake->ops, &manager),
		     0);
	usm_local_manager_ring(manager, ring, &rung);
}

static void setup(void)
{
	build(DELAY_MS, FAKE_DEVICE_DEPTH);
}

static void teardown(void)
{
	usm_swap_device_close(&slow);
	usm_local_manager_destroy(manager);
	usm_pager_destroy(pager);
	usm_stock_destroy(stock);
	usm_returned_destroy(returned);
	sem_destroy(&rung);
	free(fake);
}

TestSuite(loading, .init = setup, .fini = teardown);

/* A thread in a slot touches a page that is not there. */
static void fault(uint32_t index, uint32_t page)
{
	struct usm_slot *slot = &slots[index];

	wants[index] = page;
	slot->addr = FAKE_PAGES_AT + page * USM_FRAME_BYTES;
	slot->vma_start = FAKE_PAGES_AT;
	slot->vma_end = FAKE_PAGES_AT + FAKE_PAGES * USM_FRAME_BYTES;
	slot->member = FAKE_MEMBER;
	slot->cookie = fake->page[page].cookie;
	slot->kind = slot->cookie ? USM_FAULT_SWAPIN : USM_FAULT_ANON;
	slot->error = 0;
	slot->state = USM_SLOT_SPINNING;
	slot->gen++;
	pfq.leaf[0] |= 1ULL << index;
	pfq.summary |= 1;
}

/* It looks for its answer; true when it has its page now. */
static bool take_answer(uint32_t index)
{
	struct usm_slot *slot = &slots[index];
	uint32_t frame = (uint32_t)slot->reply;
	struct fake_page *at;

	if (wants[index] == NOBODY || slot->reply >> 32 != slot->gen)
		return false;
	cr_assert_neq(frame, USM_FRAME_NONE);
	at = &fake->page[wants[index]];
	/* As the module: who was overtaken leaves the frame. */
	if (at->frame == USM_FRAME_NONE && at->cookie == slot->cookie &&
	    at->held == USM_FRAME_NONE)
		fake_pages_map(fake, wants[index], frame);
	else
		fake->frames[frame].state = USM_FRAME_HOME;
	slot->state = USM_SLOT_IDLE;
	wants[index] = NOBODY;
	return true;
}

/* Does it have its page? */
static bool answered(uint32_t index)
{
	take_answer(index);
	return wants[index] == NOBODY;
}

static void run(void)
{
	while (usm_local_manager_run(manager))
		;
}

/* The worker sleeps until it is rung. */
static void sleep_and_run(void)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += LIMIT_S;
	if (usm_local_manager_waiting(manager))
		usleep(RETRY_US);
	else if (!usm_local_manager_pending(manager))
		cr_assert_eq(sem_timedwait(&rung, &limit), 0,
			     "it is rung in time");
	run();
}

static void serve_now(uint32_t index, uint32_t page)
{
	fault(index, page);
	run();
	while (!answered(index))
		sleep_and_run();
}

/* All pages touched: the first ones are on the device. */
static void touch_all(void)
{
	uint32_t page;

	for (page = 0; page < FAKE_PAGES; page++)
		serve_now(page % SLOTS, page);
	/* The last batch has left enough frames for those that come. */
	for (page = FAKE_PAGES; page-- > FAKE_PAGES - 16;)
		fake_pages_drop(fake, page);
	usm_returned_collect(returned, NULL);
	usm_stock_refresh(stock);
}

static double load_together(uint32_t first, uint32_t nr)
{
	uint64_t from = usm_now_ns();
	uint32_t left = nr, i;

	for (i = 0; i < nr; i++)
		fault(i, first + i);
	run();
	while (left) {
		sleep_and_run();
		for (i = 0, left = 0; i < nr; i++)
			left += !answered(i);
	}
	return (double)(usm_now_ns() - from);
}

static double shorter(double a, double b)
{
	return a < b ? a : b;
}

/* The shortest of some: what is longer is the machine's doing. */
Test(loading, eight_pages_take_as_long_as_one)
{
	double one = 1e18, eight = 1e18;
	uint32_t i;

	touch_all();
	for (i = 0; i < TRIES; i++) {
		one = shorter(one, load_together(9 * i, 1));
		eight = shorter(eight, load_together(9 * i + 1, 8));
	}
	cr_assert_geq(one, DELAY_MS * 1e6);
	cr_assert_lt(eight, 1.8 * one, "one %.1f ms, eight %.1f ms", one / 1e6,
		     eight / 1e6);
	cr_assert_eq(fake_device_most(&slow), 8);
}

Test(loading, others_are_served_meanwhile)
{
	teardown();
	build(LONG_DELAY_MS, FAKE_DEVICE_DEPTH);
	touch_all();
	fault(0, 0);
	cr_assert_eq(usm_local_manager_run(manager), 1);
	cr_assert_not(answered(0));
	fault(1, FAKE_PAGES - 1);
	cr_assert_eq(usm_local_manager_run(manager), 1);
	cr_assert(answered(1));
	cr_assert_not(answered(0));
	while (!answered(0))
		sleep_and_run();
}

Test(loading, who_leaves_and_asks_anew_gets_the_new_page)
{
	teardown();
	build(LONG_DELAY_MS, FAKE_DEVICE_DEPTH);
	touch_all();
	fault(0, 0);
	usm_local_manager_run(manager);
	/* A signal, and the handler touches something else. */
	fault(0, 1);
	run();
	while (!answered(0))
		sleep_and_run();
	cr_assert_neq(fake->page[1].frame, USM_FRAME_NONE);
	cr_assert_eq(fake->page[0].frame, USM_FRAME_NONE);
	serve_now(0, 0);
}

Test(loading, frames_being_filled_stay_out_of_stock)
{
	uint32_t frames;

	/* Answered, it would be a reply under way. */
	teardown();
	build(LONG_DELAY_MS, FAKE_DEVICE_DEPTH);
	touch_all();
	frames = usm_stock_nr(stock);
	fault(0, 0);
	usm_local_manager_run(manager);
	cr_assert_eq(usm_stock_nr(stock), frames - 1);
	cr_assert_eq(usm_stock_reconcile(stock, NULL), 0);
	cr_assert_eq(usm_stock_nr(stock), frames - 1);
	while (!answered(0))
		sleep_and_run();
	cr_assert_eq(usm_stock_nr(stock), frames - 1);
}

/* What a load brings is in its frame before the worker hears of it. */
static uint64_t elsewhere[FAKE_PAGE_WORDS];
static int (*begin_slow)(void *ctx, uint32_t slot, void *page, uint64_t token);

static int begin_early(void *ctx, uint32_t slot, void *page, uint64_t token)
{
	int err = fake->device.load(fake->device.ctx, slot, page);

	return err ? err : begin_slow(ctx, slot, elsewhere, token);
}

/* The partition shrank and grew: what was FREE has left, and came back empty. */
static void leave_and_come_back(void)
{
	uint32_t i;

	for (i = 0; i < FAKE_PAGE_FRAMES; i++)
		if (fake->frames[i].state == USM_FRAME_FREE)
			memset(fake->pool[i], 0, sizeof(fake->pool[i]));
	cr_assert_eq(usm_stock_resize_all(&stock, 1, &partition, 1), 0);
}

Test(loading, frames_that_left_meanwhile_are_filled_again)
{
	uint32_t frames;

	teardown();
	build(LONG_DELAY_MS, FAKE_DEVICE_DEPTH);
	touch_all();
	frames = usm_stock_nr(stock);
	begin_slow = slow.load_begin;
	slow.load_begin = begin_early;
	fault(0, 0);
	usm_local_manager_run(manager);
	leave_and_come_back();
	cr_assert_eq(usm_stock_nr(stock), frames - 1);
	/* Every word of the page is looked at. */
	while (!answered(0))
		sleep_and_run();
	cr_assert_eq(usm_stock_nr(stock), frames - 1);
}

static void step(uint64_t *random)
{
	uint32_t index = (uint32_t)fake_random(random) % SLOTS;
	uint32_t page = (uint32_t)fake_random(random) % FAKE_PAGES;
	struct fake_page *at = &fake->page[page];

	if (wants[index] != NOBODY) {
		/* Now and then it goes on without an answer. */
		if (fake_random(random) % 16)
			answered(index);
		else
			wants[index] = NOBODY, slots[index].state = 0;
	} else if (at->frame != USM_FRAME_NONE) {
		if (fake_random(random) % 32)
			fake_pages_touch(fake, page);
		else
			fake_pages_drop(fake, page);
	} else if (at->held != USM_FRAME_NONE) {
		fake_pages_retake(fake, page);
	} else {
		fault(index, page);
	}
	if (fake_random(random) % 4 == 0) {
		usm_local_manager_run(manager);
		usm_pager_work(pager);
	}
}

static void prefetch_by(const struct usm_prefetch_policy *policy)
{
	struct usm_prefetcher *prefetcher = usm_pager_prefetcher(pager);
	struct usm_checked_prefetch *made = NULL;

	if (policy)
		cr_assert_eq(usm_prefetcher_prepare(prefetcher, policy, NULL,
						    &made, NULL),
			     0);
	usm_prefetcher_adopt(prefetcher, made);
}

static uint64_t prefetched(const char *name)
{
	struct usm_policy_stat stat[16];
	uint32_t nr =
		usm_prefetcher_stats(usm_pager_prefetcher(pager), stat, 16);

	while (nr--)
		if (!strcmp(stat[nr].name, name))
			return stat[nr].value;
	cr_assert_fail("no counter %s", name);
	return 0;
}

/* A member walks over pages that are out, one after the other. */
static double walk(uint32_t from, uint32_t pages)
{
	uint64_t begin = usm_now_ns();
	uint32_t i;

	for (i = 0; i < pages; i++) {
		serve_now(0, from + i);
		/* As a worker between two passes. */
		usm_pager_work(pager);
	}
	return (double)(usm_now_ns() - begin);
}

Test(loading, pages_are_there_before_they_are_needed)
{
	double alone, ahead;

	prefetch_by(&usm_prefetch_readahead);
	touch_all();
	ahead = walk(0, 32);
	prefetch_by(NULL);
	/* Farther than anything was read ahead. */
	alone = walk(88, 32);
	cr_assert_geq(alone, 32 * DELAY_MS * 1e6);
	cr_assert_lt(ahead, alone / 2, "%.1f ms, and %.1f ms without",
		     ahead / 1e6, alone / 1e6);
	cr_assert_geq(prefetched("used"), 24);
	cr_assert_eq(prefetched("failed"), 0);
}

/* One more reads the same page at the same time: they share what is read. */
Test(loading, who_needs_a_page_that_is_being_read_ahead_waits_for_it)
{
	uint32_t loads;

	prefetch_by(&usm_prefetch_readahead);
	touch_all();
	walk(0, 2);
	usm_pager_work(pager);
	loads = fake->swapins;
	/* Pages 2 and 3 are on their way. */
	fault(1, 2);
	fault(2, 3);
	run();
	while (!answered(1) || !answered(2))
		sleep_and_run();
	cr_assert_eq(prefetched("late"), 2);
	cr_assert_leq(fake->swapins, loads + 2 + 3);
}

/* The device is closed, and everything freed, in the middle of it. */
Test(loading, ends_while_pages_are_read_ahead)
{
	prefetch_by(&usm_prefetch_readahead);
	touch_all();
	walk(0, 2);
	usm_pager_work(pager);
	fault(1, 3);
	run();
	cr_assert_geq(prefetched("read"), 2);
}

/* Few at a time, so that some queue; and every word of every page is right. */
static void random_life(const struct usm_prefetch_policy *policy,
			uint32_t depth)
{
	uint64_t random = 11;
	uint32_t i;

	teardown();
	build(1, depth);
	prefetch_by(policy);
	touch_all();
	for (i = 0; i < STEPS; i++) {
		step(&random);
		/* Exchanged while pages are on their way. */
		if (policy && i % 512 == 511)
			prefetch_by(i % 1024 == 1023 ? policy : NULL);
	}
	for (i = 0; i < SLOTS; i++) {
		while (!answered(i)) {
			usm_local_manager_run(manager);
			usm_pager_work(pager);
		}
	}
	for (i = 0; i < FAKE_PAGES; i++) {
		if (fake->page[i].held != USM_FRAME_NONE)
			fake_pages_retake(fake, i);
		if (fake->page[i].frame == USM_FRAME_NONE)
			serve_now(0, i);
		fake_pages_touch(fake, i);
	}
	cr_assert_eq(fake_device_most(&slow), depth);
}

Test(loading, random_lives)
{
	random_life(NULL, 5);
}

/* Asks for pages all around, so that everything happens to all of them. */
static uint32_t around(void *ctx, const struct usm_fault *fault,
		       uint64_t *answer, uint32_t nr)
{
	uint64_t *random = ctx;
	uint32_t i;

	(void)fault;
	for (i = 0; i < nr && i < 4; i++)
		answer[i] = FAKE_PAGES_AT +
			    fake_random(random) % FAKE_PAGES * USM_FRAME_BYTES;
	return i;
}

static int around_init(void **ctx)
{
	uint64_t *random = malloc(sizeof(*random));

	if (!random)
		return -ENOMEM;
	*random = 9;
	*ctx = random;
	return 0;
}

static const struct usm_prefetch_policy anywhere = {
	USM_POLICY_HEAD(struct usm_prefetch_policy),
	.name = "anywhere",
	.summary = "pages at random",
	.init = around_init,
	.fini = free,
	.fault = around,
};

Test(loading, random_lives_with_pages_read_ahead)
{
	/* A read that somebody waits for goes first: there must be room. */
	random_life(&anywhere, 24);
	cr_assert_geq(prefetched("used"), 10);
	cr_assert_geq(prefetched("late"), 1);
}
