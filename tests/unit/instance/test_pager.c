/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/client.h"
#include "fake_kernel.h"
#include "fake_pages.h"
#include "instance/evict/groups.h"
#include "instance/evict/pager.h"
#include "instance/evict/pager_policy.h"
#include "instance/evict/recover.h"
#include "instance/evict/reserve.h"
#include "instance/policies/alloc/registry.h"
#include "instance/policies/evict/registry.h"
#include "instance/policies/swap/compressed.h"
#include "instance/policies/swap/compressed_file.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_refill.h"
#include "instance/worker/supply.h"
#include "liars.h"

#define STEPS 30000

static const struct usm_extent partition = { 0, FAKE_PAGE_FRAMES };

static struct fake_pages *fake;
static struct usm_returned *returned;
static struct usm_stock *stock;
static struct usm_pager *pager;

static int attach(const struct usm_evict_policy *policy, bool fresh)
{
	struct usm_pager_options options = {
		.kernel = &fake->ops,
		.policy = policy,
		.device = &fake->device,
		.notices = &fake->notices,
		.pool = (char *)fake->pool,
		.pool_frames = FAKE_PAGE_FRAMES,
		.marks = usm_watermarks_of(FAKE_PAGE_FRAMES, 10, 20),
		.reserve = usm_reserve_of(FAKE_PAGE_FRAMES),
	};

	cr_assert_eq(
		usm_returned_create(&partition, 1, 0, &fake->ops, &returned),
		0);
	cr_assert_eq(usm_stock_create(&partition, 1, &usm_alloc_first_fit,
				      &fake->ops, returned, &stock),
		     0);
	options.stock = stock;
	cr_assert_eq(usm_pager_create(&options, &pager), 0);
	usm_pager_wait_by(pager, &(struct usm_pager_waits){
					 .ctx = options.device->ctx,
					 .load = options.device->load,
					 .announced = true,
				 });
	usm_returned_collect(returned, NULL);
	cr_assert_eq(usm_stock_reconcile(stock, NULL), 0);
	return usm_recover(pager, &fake->ops, &partition, 1, fresh, NULL);
}

/* As kill -9 would. */
static void detach(void)
{
	usm_pager_destroy(pager);
	usm_stock_destroy(stock);
	usm_returned_destroy(returned);
}

static void setup(void)
{
	fake = calloc(1, sizeof(*fake));
	fake_pages_init(fake, 1);
	cr_assert_eq(attach(&usm_evict_clock, true), 0);
}

static void teardown(void)
{
	detach();
	free(fake);
}

TestSuite(pager, .init = setup, .fini = teardown);

/* The member touches a page: a fault where it has to. */
static void touch(uint32_t page)
{
	struct fake_page *at = &fake->page[page];
	struct usm_fault fault = {
		.kind = at->cookie ? USM_FAULT_SWAPIN : USM_FAULT_ANON,
		.cookie = at->cookie,
		.member = FAKE_MEMBER,
		.addr = FAKE_PAGES_AT + page * USM_FRAME_BYTES,
	};
	const struct timespec pause = { .tv_nsec = 1000000 };
	enum usm_supply supply;
	uint32_t frame;
	bool dry;

	if (at->frame != USM_FRAME_NONE) {
		fake_pages_touch(fake, page);
		return;
	}
	if (at->held != USM_FRAME_NONE) {
		fake_pages_retake(fake, page);
		return;
	}
	while ((supply = usm_supply(stock, pager, &fault, &frame, &dry)) ==
	       USM_SUPPLY_LATER) {
		if (fake_pages_under_way(fake))
			fake_pages_end_some(fake);
		else
			nanosleep(&pause, NULL);
	}
	cr_assert_eq(supply, USM_SUPPLY_FRAME);
	/* Evicting for this fault may have undone that of its page. */
	if (at->frame == USM_FRAME_NONE && fault.cookie == at->cookie)
		fake_pages_map(fake, page, frame);
	else
		usm_stock_give(stock, frame);
}

static void touch_all(void)
{
	uint32_t page;

	for (page = 0; page < FAKE_PAGES; page++)
		touch(page);
}

Test(pager, three_pages_share_a_frame)
{
	touch_all();
	touch_all();
	cr_assert_gt(fake->evictions, 2 * (FAKE_PAGES - FAKE_PAGE_FRAMES));
	cr_assert_geq(fake->swapins, FAKE_PAGES - FAKE_PAGE_FRAMES);
}

/* Pages came first, then word of whose they are, then they go by it. */
Test(pager, sorts_pages_into_groups_when_it_hears_of_their_member)
{
	const struct usm_process process = {
		.member = FAKE_MEMBER,
		.tgid = 1,
	};
	const struct usm_group_options options = {
		.field = "processes[0]",
		.policy = &usm_evict_lru,
		.priority = 0,
	};
	const struct usm_groups *groups = usm_pager_groups(pager);

	cr_assert_eq(usm_pager_add_group(pager, &options, NULL), 0);
	touch_all();
	cr_assert_gt(usm_groups_pages(groups, 0), 0);
	cr_assert_eq(usm_groups_pages(groups, 1), 0);
	usm_pager_member_new(pager, &process, 1);
	cr_assert_eq(usm_groups_pages(groups, 0), 0);
	cr_assert_gt(usm_groups_pages(groups, 1), 0);
	touch_all();
	cr_assert_eq(usm_groups_pages(groups, 0), 0);
	usm_pager_member_gone(pager, FAKE_MEMBER);
	touch_all();
	cr_assert_gt(usm_groups_pages(groups, 0), 0);
}

Test(pager, works_between_the_watermarks)
{
	uint32_t page;

	for (page = 0; page < 50; page++)
		touch(page);
	/* 14 of 64 are free: the low mark is 6, the high one 12. */
	cr_assert_not(usm_pager_work(pager));
	cr_assert_eq(fake->evictions, 0);
	for (; page < 59; page++)
		touch(page);
	while (usm_pager_work(pager))
		;
	cr_assert_geq(usm_stock_nr(stock), 12);
	cr_assert_eq(fake->evictions, usm_pager_out(pager));
}

Test(pager, spares_what_is_used)
{
	uint32_t round, page;

	for (round = 0; round < 200; round++) {
		/* Eight pages all the time, the others once. */
		for (page = 0; page < 8; page++)
			touch(page);
		touch(8 + round % (FAKE_PAGES - 8));
		usm_pager_work(pager);
	}
	for (page = 0; page < 8; page++)
		cr_assert_neq(fake->page[page].frame, USM_FRAME_NONE,
			      "page %u was evicted", page);
}

/* Nobody tells of what comes home and leaves the partition at once. */
Test(pager, forgets_frames_that_have_left)
{
	const struct usm_groups *groups = usm_pager_groups(pager);
	uint32_t page, frame;

	for (page = 0; page < 10; page++)
		touch(page);
	cr_assert_eq(usm_groups_pages(groups, 0), 10);
	frame = fake->page[3].frame;
	fake_pages_drop(fake, 3);
	fake->frames[frame].state = USM_FRAME_POOL;
	cr_assert_eq(usm_pager_reclaim(pager), 9);
	cr_assert_eq(usm_groups_pages(groups, 0), 0);
	/* It comes back, and is as good as any other. */
	fake->frames[frame].state = USM_FRAME_FREE;
	usm_stock_give(stock, frame);
	touch_all();
}

Test(pager, content_that_could_not_be_stored_stays)
{
	fake->failing = 1;
	touch(0);
	for (uint32_t page = 1; page < FAKE_PAGE_FRAMES; page++)
		touch(page);
	cr_assert_eq(usm_pager_reclaim(pager), 0);
	cr_assert_gt(fake->evictions, 0);
	fake->failing = 0;
	touch_all();
}

/* No memory to look at the frame is not: its content went elsewhere. */
Test(pager, content_that_could_not_be_read_stays)
{
	fake->failing = 1;
	fake->failing_with = -EFAULT;
	for (uint32_t page = 0; page < FAKE_PAGE_FRAMES; page++)
		touch(page);
	cr_assert_eq(usm_pager_reclaim(pager), 0);
	cr_assert_gt(fake->evictions, 0);
	fake->failing = 0;
	touch_all();
}

static int (*load_at_once)(void *ctx, uint32_t slot, void *page);
static int short_of_memory;

static int load_or_not(void *ctx, uint32_t slot, void *page)
{
	return short_of_memory && short_of_memory--
		       ? -ENOMEM
		       : load_at_once(ctx, slot, page);
}

/* It is on the device all the same: nobody may be told that it is lost. */
Test(pager, page_that_cannot_be_read_for_lack_of_memory_is_read_later)
{
	uint32_t frames;

	touch_all();
	detach();
	load_at_once = fake->device.load;
	fake->device.load = load_or_not;
	cr_assert_eq(attach(&usm_evict_clock, false), 0);
	/* So that nothing is to be evicted for it. */
	fake_pages_drop(fake, FAKE_PAGES - 1);
	usm_returned_collect(returned, NULL);
	usm_stock_refresh(stock);
	frames = usm_stock_nr(stock);
	cr_assert_gt(frames, 0);
	short_of_memory = 2;
	touch(0);
	cr_assert_eq(short_of_memory, 0);
	cr_assert_eq(usm_stock_nr(stock), frames - 1);
}

Test(pager, says_when_there_is_no_hope)
{
	struct usm_fault fault = { .member = FAKE_MEMBER };
	uint32_t frame, page, round;
	bool dry;

	detach();
	fake->device.nr_slots = 9; /* one of them is the device's */
	cr_assert_eq(attach(&usm_evict_fifo, true), 0);
	/* Of 64 frames and 8 slots, 8 are kept. */
	for (page = 0; page < FAKE_PAGE_FRAMES; page++)
		touch(page);
	cr_assert_eq(usm_supply(stock, pager, &fault, &frame, &dry),
		     USM_SUPPLY_NONE);
	cr_assert_not(usm_pager_hopeful(pager));
	/* What is out comes back, as often as it likes. */
	for (round = 0; round < 10; round++)
		for (page = 0; page < FAKE_PAGE_FRAMES; page++)
			touch(page);
	cr_assert_geq(fake->swapins, 8);
}

/* Pages that are to leave, and nowhere to go: it waits until there is. */
Test(pager, does_not_go_in_circles_when_a_full_device_keeps_pages_from_leaving)
{
	/* The longest pause between two tries, and some. */
	const struct timespec pause = { .tv_nsec = 40000000 };
	struct usm_fault fault = { .member = FAKE_MEMBER };
	uint32_t page, frame, tries = 0;
	bool dry;

	detach();
	fake->device.nr_slots = 9;
	cr_assert_eq(attach(&usm_evict_fifo, true), 0);
	for (page = 0; page < FAKE_PAGE_FRAMES; page++)
		touch(page);
	cr_assert_eq(usm_supply(stock, pager, &fault, &frame, &dry),
		     USM_SUPPLY_NONE);
	for (page = 8; page < 48; page++)
		usm_pager_vacate(pager, fake->page[page].frame);
	nanosleep(&pause, NULL);
	while (usm_pager_work(pager))
		cr_assert_lt(++tries, 100);
	nanosleep(&pause, NULL);
	/* Half of what is out goes away. */
	for (page = 0; page < 4; page++)
		fake_pages_drop(fake, page);
	nanosleep(&pause, NULL);
	cr_assert(usm_pager_work(pager));
	while (usm_pager_work(pager))
		cr_assert_lt(++tries, 100);
	cr_assert_not(usm_pager_hopeful(pager));
}

Test(pager, nobody_gets_an_evicted_page_from_nowhere)
{
	struct usm_fault fault = {
		.kind = USM_FAULT_SWAPIN,
		.cookie = 1ULL << 32 | 1,
	};
	uint32_t frame;
	bool dry;

	cr_assert_eq(usm_supply(stock, NULL, &fault, &frame, &dry),
		     USM_SUPPLY_NONE);
}

Test(pager, does_not_start_without_its_swap_file)
{
	touch_all();
	detach();
	cr_assert_lt(attach(&usm_evict_clock, true), 0);
	detach();
	fake->device.nr_slots = 2;
	cr_assert_lt(attach(&usm_evict_clock, false), 0);
	detach();
	fake->device.nr_slots = FAKE_SWAP_SLOTS;
	cr_assert_eq(attach(&usm_evict_clock, false), 0);
	touch_all();
}

/* ---- packed pages ------------------------------------------------------------- */

static char packed_path[64];

/* Has the pager's pages packed, in so many chunks of memory. */
static void pack(uint32_t chunks)
{
	struct usm_swap_file options = {
		.path = packed_path,
		.bytes = (FAKE_SWAP_SLOTS - 1) * USM_FRAME_BYTES,
		.instance = "a",
		.created_ns = 42,
	};
	const struct usm_compressed_options how = {
		.codec = &usm_codec_lz4,
		.memory_max = usm_compressed_overhead(options.bytes) +
			      chunks * USM_CHUNK_BYTES,
	};
	struct usm_failure failure;
	bool fresh;

	cr_assert_eq(usm_swap_compressed_open(&options, &how, &fake->device,
					      &fresh, &failure),
		     0, "%s", failure.text);
}

static void start_packed(uint32_t chunks)
{
	int fd;

	snprintf(packed_path, sizeof(packed_path),
		 "/dev/shm/test_pager.XXXXXX");
	fd = mkstemp(packed_path);
	cr_assert_geq(fd, 0);
	close(fd);
	detach();
	pack(chunks);
	cr_assert_eq(attach(&usm_evict_fifo, true), 0);
}

static void end_packed(void)
{
	usm_swap_device_close(&fake->device);
	unlink(packed_path);
}

static uint64_t pages_packed(void)
{
	struct usm_swap_stats stats;

	fake->device.stats(fake->device.ctx, &stats);
	return stats.pages;
}

Test(pager, packs_pages_over_restarts)
{
	uint32_t round;

	start_packed(32);
	for (round = 0; round < 4; round++) {
		touch_all();
		detach();
		usm_swap_device_close(&fake->device);
		fake_pages_reattach(fake);
		pack(32);
		cr_assert_eq(attach(&usm_evict_fifo, false), 0);
		/* Of pages that are out, and of no others. */
		cr_assert_eq(pages_packed(), usm_pager_out(pager));
	}
	for (round = 0; round < FAKE_PAGES; round++)
		fake_pages_drop(fake, round);
	usm_pager_work(pager);
	cr_assert_eq(usm_pager_out(pager), 0);
	cr_assert_eq(pages_packed(), 0);
	end_packed();
}

/* Tries until some are won; true unless it takes too long. */
static bool reclaim(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	uint32_t tries;

	for (tries = 0; tries < 100; tries++) {
		if (usm_pager_reclaim(pager))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* One that a fresh page may have? */
static bool has_spare_frame(void)
{
	return usm_stock_nr(stock) > usm_pager_keep(pager);
}

Test(pager, a_full_store_keeps_pages_where_they_are)
{
	uint32_t page = 0, evicted, i;

	start_packed(1);
	while (page < FAKE_PAGES && (has_spare_frame() || reclaim()))
		touch(page++);
	cr_assert_lt(page, FAKE_PAGES, "all of them went in");
	evicted = (uint32_t)pages_packed();
	cr_assert_gt(evicted, 15);
	cr_assert(usm_pager_hopeful(pager));
	/* Those that were to go and could not. */
	for (i = evicted; i < page; i++)
		touch(i);
	/* With room again it goes on, and everything is as it was. */
	for (i = 0; i < evicted; i += 2)
		fake_pages_drop(fake, i);
	cr_assert(reclaim());
	for (i = 1; i < evicted / 2; i += 2)
		touch(i);
	end_packed();
}

/* Nothing fits any more, and no frame is free but those that are kept. */
Test(pager, a_full_store_lets_its_pages_come_back)
{
	uint32_t page = 0, back = 0;

	start_packed(1);
	while (page < FAKE_PAGES && (has_spare_frame() || reclaim()))
		touch(page++);
	cr_assert_lt(page, FAKE_PAGES, "all of them went in");
	while (page--)
		if (fake->page[page].cookie &&
		    fake->page[page].held == USM_FRAME_NONE) {
			touch(page);
			back++;
		}
	cr_assert_gt(back, 15);
	end_packed();
}

/* It has no room for what its predecessor could not store. */
Test(pager, a_full_store_does_not_keep_a_successor_out)
{
	uint32_t page = 0, touched;

	start_packed(1);
	while (page < FAKE_PAGES && (has_spare_frame() || reclaim()))
		touch(page++);
	cr_assert_lt(page, FAKE_PAGES, "all of them went in");
	touched = page;
	detach();
	usm_swap_device_close(&fake->device);
	pack(1);
	memset(&fake->notices, 0, sizeof(fake->notices));
	cr_assert_eq(attach(&usm_evict_fifo, false), 0);
	cr_assert_leq(pages_packed(), usm_pager_out(pager));
	for (page = 0; page < touched; page++)
		touch(page);
	/* With room again it goes on. */
	for (page = 0; page < touched; page += 2)
		fake_pages_drop(fake, page);
	usm_pager_work(pager);
	while (page < FAKE_PAGES && (has_spare_frame() || reclaim()))
		touch(page++);
	for (page = 1; page < touched; page += 2)
		touch(page);
	end_packed();
}

/* ---- anything -------------------------------------------------------------------- */

/* The kernel uses a frame that was given ahead. */
static void use_ahead(uint32_t page, uint32_t frame, bool heard)
{
	struct usm_notices *ring = &fake->notices;

	usm_stock_lose(stock, frame);
	fake_pages_map(fake, page, frame);
	if (!heard) {
		ring->lost++;
		return;
	}
	ring->ring[ring->head++ % USM_NOTICES] = (struct usm_notice){
		.type = USM_NOTICE_USED,
		.pages = 1,
		.frame = frame,
		.member = FAKE_MEMBER,
		.addr = FAKE_PAGES_AT + page * USM_FRAME_BYTES,
	};
}

Test(pager, evicts_what_was_used_ahead)
{
	uint32_t i;

	/* All of the partition, every other notice lost. */
	for (i = 0; i < FAKE_PAGE_FRAMES; i++)
		use_ahead(i, i, i % 2 == 1);
	for (i = 0; i < FAKE_PAGE_FRAMES; i++)
		touch(FAKE_PAGE_FRAMES + i);
	for (i = 0; i < FAKE_PAGE_FRAMES; i++)
		cr_assert_eq(fake->page[i].frame, USM_FRAME_NONE);
}

/* Used, freed and in stock again before anybody reads of it. */
Test(pager, late_notices_take_nothing_out_of_stock)
{
	uint32_t nr = usm_stock_nr(stock);

	use_ahead(0, 5, true);
	fake_pages_drop(fake, 0);
	cr_assert_eq(usm_returned_collect(returned, NULL), 0);
	usm_stock_refresh(stock);
	cr_assert_eq(usm_stock_nr(stock), nr);
	usm_pager_work(pager);
	cr_assert_eq(usm_stock_nr(stock), nr);
}

/*
 * Touches, drops, evictions, failures of every kind, lost notices and killed
 * daemons in random order; other (NULL: none) takes over now and then.  aside:
 * pages are stored beside all that.
 */
static void random_life(const struct usm_evict_policy *policy,
			const struct usm_evict_policy *other, uint32_t steps,
			uint64_t seed, bool aside)
{
	uint32_t step, page;

	detach();
	fake_pages_init(fake, seed);
	if (aside)
		fake_pages_store_aside(fake);
	cr_assert_eq(attach(policy, true), 0);
	fake->busy = 7;
	fake->touched = 9;
	fake->failing = 31;
	for (step = 0; step < steps; step++) {
		page = (uint32_t)(fake_random(&seed) % FAKE_PAGES);
		switch (fake_random(&seed) % 64) {
		case 0:
			fake_pages_drop(fake, page);
			break;
		case 1:
			/* Somebody else's notices fill the ring. */
			if (fake_random(&seed) % 16 == 0) {
				fake->notices.lost++;
				fake->notices.tail = fake->notices.head;
			}
			break;
		case 2:
			if (fake_random(&seed) % 16)
				break;
			detach();
			fake_pages_reattach(fake);
			while (attach(policy, false)) {
				cr_assert(fake->failing);
				detach();
			}
			break;
		case 3:
		case 4:
		case 5:
			usm_pager_work(pager);
			break;
		case 6:
			if (other && fake_random(&seed) % 32 == 0)
				cr_assert_eq(usm_pager_replace_policy(
						     pager, other, NULL, NULL),
					     0);
			break;
		case 7:
		case 8:
			fake_pages_end_some(fake);
			break;
		default:
			touch(page);
		}
	}
	cr_assert_gt(fake->retaken, steps / 300);
	cr_assert_gt(fake->swapins, steps / 16);
	/* Nothing is left behind. */
	fake->busy = fake->touched = fake->failing = 0;
	for (page = 0; page < FAKE_PAGES; page++)
		fake_pages_drop(fake, page);
	fake_pages_end_all(fake);
	while (usm_pager_work(pager))
		;
	cr_assert_eq(usm_pager_out(pager), 0);
	usm_returned_collect(returned, NULL);
	usm_stock_refresh(stock);
	cr_assert_eq(usm_stock_nr(stock), FAKE_PAGE_FRAMES);
}

Test(pager, lives_through_anything_by_clock)
{
	random_life(&usm_evict_clock, NULL, STEPS, 11, false);
}

Test(pager, lives_through_anything_by_fifo)
{
	random_life(&usm_evict_fifo, NULL, STEPS, 12, false);
}

Test(pager, lives_through_anything_by_one_after_the_other)
{
	random_life(&usm_evict_clock, &usm_evict_fifo, STEPS, 13, false);
}

Test(pager, lives_through_anything_while_it_stores)
{
	random_life(&usm_evict_clock, NULL, STEPS, 21, true);
	random_life(&usm_evict_fifo, &usm_evict_clock, STEPS, 22, true);
}

Test(pager, lives_through_policies_that_lie)
{
	random_life(liar_evicts[0], liar_evicts[1], STEPS / 8, 14, false);
	random_life(liar_evicts[1], liar_evicts[2], STEPS / 8, 15, false);
	random_life(liar_evicts[2], NULL, STEPS / 8, 16, false);
}
