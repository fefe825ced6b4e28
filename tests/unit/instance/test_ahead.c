/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "fake_ahead.h"
#include "instance/ahead/ahead.h"
#include "instance/ahead/ahead_parts.h"
#include "instance/ahead/ramp.h"
#include "instance/policies/alloc/registry.h"
#include "instance/worker/local_manager.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_policy.h"
#include "instance/worker/stock_refill.h"

#define FRAMES 1024
#define MEMBER 5
#define AT 0x7f0000000000ULL
#define PAGE 4096ULL
#define MS 1000000ULL

static struct fake_kernel fake;
static struct usm_returned *returned;
static struct usm_stock *stock;
static struct usm_local_manager *manager;
static struct usm_ahead *ahead;

static void start(const struct usm_alloc_policy *policy)
{
	struct usm_ahead_options options;
	struct usm_channel_view view;

	fake_kernel_init(&fake, FRAMES);
	fake_ahead_init(&fake);
	view = fake_kernel_view(&fake);
	cr_assert_eq(usm_returned_create(&fake.extent, 1, FAKE_BASE_PFN,
					 &fake.ops, &returned),
		     0);
	cr_assert_eq(usm_stock_create(&fake.extent, 1, policy, &fake.ops,
				      returned, &stock),
		     0);
	options = (struct usm_ahead_options){
		.kernel = &fake.ops,
		.stocks = &stock,
		.nr_workers = 1,
		.notices = &fake.notices,
		.pool = fake.pool,
		.pool_frames = FAKE_FIRST + FRAMES,
	};
	cr_assert_eq(usm_ahead_create(&options, &ahead), 0);
	cr_assert_eq(usm_local_manager_create(&view, ~0ULL, stock, NULL, 0,
					      &fake.ops, &manager),
		     0);
	usm_local_manager_ahead(manager, ahead, 0);
	cr_assert_eq(usm_stock_reconcile(stock, NULL), 0);
}

static void teardown(void)
{
	usm_local_manager_destroy(manager);
	usm_stock_destroy(stock);
	usm_ahead_destroy(ahead);
	usm_returned_destroy(returned);
	fake_ahead_fini(&fake);
	fake_kernel_fini(&fake);
}

TestSuite(ahead, .fini = teardown);

/* What the worker's loop does between faults. */
static void between(bool idle)
{
	usm_ahead_work(ahead, 0);
	while (idle && usm_ahead_idle(ahead, 0))
		;
}

/* A page is touched; true when the policy had to be asked. */
static bool touch(uint64_t page, uint32_t *frame)
{
	uint64_t addr = AT + page * PAGE;
	int64_t got;

	*frame = fake_ahead_touch(&fake, MEMBER, addr);
	if (*frame != USM_FRAME_NONE)
		return false;
	fake_fault(&fake, 3, MEMBER, addr);
	usm_local_manager_run(manager);
	got = fake_consume(&fake, 3);
	cr_assert_geq(got, 0);
	*frame = (uint32_t)got;
	return true;
}

static uint64_t stat_of(const char *name)
{
	struct usm_policy_stat stats[8] = { 0 };
	uint32_t nr = usm_ahead_stats(ahead, stats, 8), i;

	for (i = 0; i < nr; i++)
		if (!strcmp(stats[i].name, name))
			return stats[i].value;
	return 0;
}

/* Every frame is in one place: in stock and FREE, or in neither. */
static void check_books(void)
{
	uint32_t i;

	for (i = 0; i < FRAMES; i++)
		cr_assert_eq(usm_stock_has(stock, FAKE_FIRST + i),
			     *fake_state(&fake, FAKE_FIRST + i) ==
				     USM_FRAME_FREE,
			     "frame %u", i);
}

Test(ahead, default_policies_give_nothing)
{
	uint32_t frame, page;

	start(&usm_alloc_first_fit);
	for (page = 0; page < 100; page++) {
		cr_assert(touch(page, &frame));
		cr_assert_eq(frame, FAKE_FIRST + page);
		between(true);
	}
	cr_assert_eq(fake.pushes + fake.grants, 0);
	cr_assert_eq(
		usm_ahead_stats(ahead, (struct usm_policy_stat[8]){ { 0 } }, 8),
		0);
}

Test(ahead, zeroed_serves_without_being_asked)
{
	uint32_t frame, page, asked = 0;

	start(&usm_alloc_zeroed);
	between(true);
	for (page = 0; page < 600; page++) {
		asked += touch(page, &frame);
		cr_assert_neq(frame, USM_FRAME_NONE);
		between(true);
	}
	cr_assert_lt(asked, 10);
	cr_assert_eq(fake.lies, 0);
	cr_assert_eq(fake.refused, 0);
	cr_assert_gt(stat_of("vouched"), 400);
	cr_assert_eq(stat_of("out"), fake_ahead_nr(&fake));
	check_books();
}

Test(ahead, what_is_not_zeroed_is_not_vouched_for)
{
	uint32_t frame, page;

	start(&usm_alloc_zeroed);
	/* The worker is never idle. */
	for (page = 0; page < 400; page++) {
		touch(page, &frame);
		between(false);
	}
	cr_assert_gt(stat_of("pushed"), 300);
	cr_assert_eq(stat_of("vouched"), 0);
	cr_assert_eq(fake.lies, 0);
}

/* A frame that was zeroed, used past the policy and came home is dirty. */
Test(ahead, what_the_kernel_used_meanwhile_is_not_vouched_for)
{
	uint32_t frame, page, i;

	start(&usm_alloc_zeroed);
	between(true);
	for (i = 0; i < FRAMES; i += 3)
		fake_ahead_adopt(&fake, FAKE_FIRST + i);
	for (i = 0; i < FRAMES; i += 6)
		fake_come_home(&fake, FAKE_FIRST + i, 0);
	cr_assert_eq(usm_returned_collect(returned, NULL), 0);
	for (page = 0; page < 500; page++) {
		touch(page, &frame);
		between(false);
	}
	cr_assert_gt(stat_of("vouched"), 100);
	cr_assert_eq(fake.lies, 0);
}

Test(ahead, unwritable_frames_are_let_go)
{
	uint32_t i;

	start(&usm_alloc_zeroed);
	usm_ahead_destroy(ahead);
	cr_assert_eq(usm_ahead_create(
			     &(struct usm_ahead_options){
				     .kernel = &fake.ops,
				     .stocks = &stock,
				     .nr_workers = 1,
				     .notices = &fake.notices,
				     .pool = NULL,
				     .pool_frames = FAKE_FIRST + FRAMES,
			     },
			     &ahead),
		     0);
	usm_local_manager_ahead(manager, ahead, 0);
	for (i = 0; i < FRAMES; i++)
		cr_assert(usm_ahead_idle(ahead, 0));
	cr_assert_not(usm_ahead_idle(ahead, 0));
	cr_assert_eq(usm_stock_nr(stock), 0);
}

Test(ahead, magazines_stay_within_their_share)
{
	uint32_t frame, page;

	start(&usm_alloc_zeroed);
	for (page = 0; page < FRAMES - 8; page++) {
		touch(page, &frame);
		between(true);
		cr_assert_leq(fake_ahead_nr(&fake),
			      usm_stock_nr(stock) / 3 + USM_RAMP_DEPTH_MIN);
		cr_assert_leq(fake_ahead_nr(&fake), usm_stock_nr(stock) + 1);
	}
}

/* The last frames are in somebody's magazine: whoever needs them gets them. */
Test(ahead, starving_members_get_what_others_do_not_use)
{
	uint32_t frame, page, own = 0;

	start(&usm_alloc_zeroed);
	touch(0, &frame);
	between(true);
	cr_assert_gt(fake_ahead_nr(&fake), 0);
	for (page = 0; page < FRAMES - 1; page++) {
		fake_fault(&fake, 9, MEMBER + 1, AT + page * PAGE);
		usm_local_manager_run(manager);
		cr_assert_neq(fake_consume(&fake, 9), USM_FRAME_NONE);
		own++;
		/* Its own magazine is not what is meant here. */
		while (fake_ahead_touch(&fake, MEMBER + 1,
					AT + (page + 1) * PAGE) !=
		       USM_FRAME_NONE) {
			page++;
			own++;
		}
	}
	cr_assert_eq(own, FRAMES - 1);
	cr_assert_eq(fake_ahead_nr(&fake), 0);
	cr_assert_gt(stat_of("taken_back"), 0);
	cr_assert_eq(fake.refused, 0);
}

Test(ahead, what_a_member_leaves_comes_home)
{
	uint32_t frame, page;

	start(&usm_alloc_zeroed);
	for (page = 0; page < 20; page++) {
		touch(page, &frame);
		between(true);
	}
	cr_assert_gt(fake_ahead_nr(&fake), 0);
	fake_ahead_exit(&fake, MEMBER);
	usm_ahead_member_gone(ahead, MEMBER);
	cr_assert_eq(usm_returned_collect(returned, NULL), 0);
	usm_stock_refresh(stock);
	cr_assert_eq(stat_of("out"), 0);
	check_books();
	/* A late word about it does no harm. */
	usm_ahead_notice(ahead, &(struct usm_notice){
					.type = USM_NOTICE_LOW,
					.member = MEMBER,
				});
	between(true);
	check_books();
}

Test(ahead, another_policy_begins_with_nothing_out)
{
	uint32_t frame, page;

	start(&usm_alloc_zeroed);
	for (page = 0; page < 20; page++) {
		touch(page, &frame);
		between(true);
	}
	usm_ahead_reset(ahead);
	cr_assert_eq(fake_ahead_nr(&fake), 0);
	cr_assert_eq(usm_stock_replace_policy(stock, &usm_alloc_first_fit, NULL,
					      NULL),
		     0);
	check_books();
	cr_assert(touch(page, &frame));
	between(true);
	cr_assert_eq(fake_ahead_nr(&fake), 0);
}

static int refuse_free(void *ctx, struct usm_free_entry *entries, uint32_t nr)
{
	(void)ctx;
	(void)entries;
	(void)nr;
	return -ENOMEM;
}

Test(ahead, what_cannot_be_taken_back_now_is_later)
{
	int (*free_frames)(void *ctx, struct usm_free_entry *entries,
			   uint32_t nr);
	uint32_t frame, page, out;

	start(&usm_alloc_batch);
	for (page = 0; page < 100; page++) {
		touch(page, &frame);
		between(false);
	}
	out = fake_ahead_nr(&fake);
	cr_assert_gt(out, 0);
	free_frames = fake.ops.free;
	fake.ops.free = refuse_free;
	usm_ahead_reset(ahead);
	cr_assert_eq(fake_ahead_nr(&fake), out);
	fake.ops.free = free_frames;
	usm_ahead_reset(ahead);
	cr_assert_eq(fake_ahead_nr(&fake), 0);
	check_books();
}

Test(ahead, frames_that_left_are_not_asked_for)
{
	const struct usm_extent smaller = { FAKE_FIRST, 8 };
	uint32_t frame, page, i;

	start(&usm_alloc_zeroed);
	for (page = 0; page < 20; page++) {
		touch(page, &frame);
		between(true);
	}
	cr_assert_gt(stat_of("out"), 0);
	for (i = 8; i < FRAMES; i++)
		if (*fake_state(&fake, FAKE_FIRST + i) == USM_FRAME_GRANTED)
			*fake_state(&fake, FAKE_FIRST + i) = USM_FRAME_POOL;
	usm_ahead_resized(ahead, &smaller, 1);
	cr_assert_eq(stat_of("out"), fake_ahead_nr(&fake));
	cr_assert_eq(ahead->workers[0].clean.nr, 0);
}

/* Lost notices leave marks that are too many, which harms nobody. */
Test(ahead, lost_notices_cost_nothing)
{
	uint32_t frame, page;

	start(&usm_alloc_zeroed);
	for (page = 0; page < 500; page++) {
		touch(page, &frame);
		if (page % 50 == 0)
			fake.notices.tail = fake.notices.head;
		if (page % 7 == 0)
			between(true);
	}
	usm_ahead_reset(ahead);
	cr_assert_eq(stat_of("out"), 0);
	cr_assert_eq(fake_ahead_nr(&fake), 0);
	check_books();
	cr_assert_eq(fake.lies, 0);
}

/* Taking back would tell the kernel that the page is stored. */
Test(ahead, evicted_frames_are_not_taken_back)
{
	uint32_t frame;

	start(&usm_alloc_zeroed);
	touch(0, &frame);
	between(true);
	frame = fake_ahead_touch(&fake, MEMBER, AT + PAGE);
	cr_assert_neq(frame, USM_FRAME_NONE);
	/* The notice was lost; the pager heard of the page otherwise. */
	fake.notices.tail = fake.notices.head;
	usm_ahead_evicting(ahead, &frame, 1);
	*fake_state(&fake, frame) = USM_FRAME_EVICTING;
	usm_ahead_reset(ahead);
	cr_assert_eq(*fake_state(&fake, frame), USM_FRAME_EVICTING);
}

/* Pages of a range are mapped with the first one of it that is touched. */
static int (*free_at_once)(void *ctx, struct usm_free_entry *entries,
			   uint32_t nr);
static pthread_t pager_thread;
static bool evicts;

static void *evict_one(void *frame)
{
	usm_ahead_evicting(ahead, frame, 1);
	__atomic_store_n(&evicts, true, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Meanwhile another worker wants to evict what one of them was used for. */
static int free_slowly(void *ctx, struct usm_free_entry *entries, uint32_t nr)
{
	const struct timespec while_it_lasts = { .tv_nsec = 20000000 };
	static uint32_t frame;

	frame = entries[0].frame;
	if (!pthread_create(&pager_thread, NULL, evict_one, &frame))
		nanosleep(&while_it_lasts, NULL);
	cr_assert_not(__atomic_load_n(&evicts, __ATOMIC_SEQ_CST));
	return free_at_once(ctx, entries, nr);
}

Test(ahead, nothing_is_evicted_that_is_being_taken_back)
{
	uint32_t frame;

	start(&usm_alloc_batch);
	touch(0, &frame);
	touch(1, &frame);
	between(false);
	cr_assert_gt(fake_ahead_nr(&fake), 0);
	free_at_once = fake.ops.free;
	fake.ops.free = free_slowly;
	usm_ahead_reset(ahead);
	cr_assert_eq(pthread_join(pager_thread, NULL), 0);
	cr_assert(evicts);
}

static uint32_t touch_all(uint32_t from, uint32_t nr, bool at_random)
{
	uint64_t seed = 42;
	uint32_t asked = 0, frame, i;

	for (i = 0; i < nr; i++) {
		uint32_t page = from + i;

		/* No two neighbours after each other. */
		if (at_random)
			page = from + i * 37 % nr;
		asked += touch(page, &frame);
		cr_assert_neq(frame, USM_FRAME_NONE);
		if (fake_random(&seed) % 8 == 0)
			between(true);
	}
	return asked;
}

Test(ahead, batch_asks_once_for_many_pages_in_sequence)
{
	start(&usm_alloc_batch);
	/* 1, 2, 4, ... 64, 64, ... */
	cr_assert_leq(touch_all(0, 500, false), 14);
	cr_assert_gt(stat_of("ranges"), 400);
	cr_assert_eq(fake.refused, 0);
	usm_ahead_work(ahead, 0);
	check_books();
}

Test(ahead, batch_gives_nothing_ahead_at_random)
{
	start(&usm_alloc_batch);
	cr_assert_eq(touch_all(0, 500, true), 500);
	cr_assert_eq(stat_of("ranges"), 0);
}

Test(ahead, batch_keeps_to_its_mapping_and_its_frames)
{
	uint32_t round, frame, page;

	start(&usm_alloc_batch);
	/* Up to the last frame, whatever is granted beyond the end. */
	for (round = 0; round < 8; round++)
		touch_all(round * 4096 - round, 100, false);
	for (page = 0; usm_stock_nr(stock); page++)
		touch(100000 + page * 7, &frame);
	usm_ahead_work(ahead, 0);
	touch(0xffe, &frame);
	touch(0xfff, &frame);
	cr_assert_eq(fake.refused, 0);
	check_books();
}

Test(ahead, a_member_that_comes_back_to_a_range_has_no_other_over_it)
{
	uint32_t frame;

	start(&usm_alloc_batch);
	cr_assert(touch(0, &frame));
	cr_assert(touch(1, &frame));
	cr_assert_eq(fake.grants, 1);
	/* Page 2 is granted and not touched; the others are gone. */
	cr_assert(touch(0, &frame));
	cr_assert(touch(1, &frame));
	cr_assert_eq(fake.grants, 1);
	cr_assert_eq(fake.refused, 0);
	check_books();
}

Test(ahead, old_ranges_are_taken_back)
{
	uint32_t frame, i;

	start(&usm_alloc_batch);
	for (i = 0; i < USM_RANGES_MAX + 10; i++) {
		touch(i * 8, &frame);
		touch(i * 8 + 1, &frame);
	}
	cr_assert_eq(fake.grants, USM_RANGES_MAX + 10);
	cr_assert_eq(fake_ahead_nr(&fake), USM_RANGES_MAX);
	cr_assert_eq(stat_of("taken_back"), 10);
	check_books();
}

Test(ahead, extent_grants_the_rest_of_a_window_in_sequence)
{
	uint32_t frame, first, page;

	start(&usm_alloc_extent);
	cr_assert(touch(0, &first));
	cr_assert(touch(1, &frame));
	for (page = 2; page < 16; page++) {
		cr_assert_not(touch(page, &frame));
		cr_assert_eq(frame, first + page);
	}
	/* The next window goes on: one question. */
	cr_assert(touch(16, &frame));
	for (page = 17; page < 32; page++)
		cr_assert_not(touch(page, &frame));
	usm_ahead_work(ahead, 0);
	check_books();
	/* Elsewhere, and backwards, nothing is sure. */
	for (page = 47; page > 32; page--)
		cr_assert(touch(page, &frame));
	cr_assert_eq(fake.refused, 0);
}

Test(ramp, deepens_and_shrinks)
{
	uint32_t depth = USM_RAMP_DEPTH_MIN;

	depth = usm_ramp_next(depth, 100, MS);
	cr_assert_eq(depth, 2 * USM_RAMP_DEPTH_MIN);
	cr_assert_eq(usm_ramp_next(depth, 100, 50 * MS), depth);
	depth = usm_ramp_next(usm_ramp_next(depth, 100, MS), 100, MS);
	cr_assert_eq(depth, 100);
	cr_assert_eq(usm_ramp_next(depth, 100, 1000 * MS), 50);
	cr_assert_eq(usm_ramp_next(USM_RAMP_DEPTH_MIN, 100, 1000 * MS),
		     USM_RAMP_DEPTH_MIN);
	cr_assert_eq(usm_ramp_next(50, 3, MS), 3);
	cr_assert_lt(usm_ramp_low(16), 16);
	cr_assert_eq(usm_ramp_back(64), 32);
	cr_assert_eq(usm_ramp_back(16), USM_RAMP_DEPTH_MIN);
}

Test(ramp, bounds_what_is_out)
{
	cr_assert_eq(usm_ramp_room(0, 0), 0);
	cr_assert_eq(usm_ramp_room(100, 0), 25);
	cr_assert_eq(usm_ramp_room(75, 25), 0);
	cr_assert_eq(usm_ramp_room(0, 100), 0);
	cr_assert_eq(usm_ramp_room(UINT32_MAX, 0), UINT32_MAX / 4);
	cr_assert_not(usm_ramp_excess(10, 10));
	cr_assert(usm_ramp_excess(9, 10));
}

Test(magazines, remember_how_deep)
{
	static struct usm_magazines magazines;
	struct usm_refill refill;

	refill = usm_magazines_refill(&magazines, 3, 0, 256, 1000 * MS);
	cr_assert_eq(refill.frames, USM_RAMP_DEPTH_MIN);
	/* Another thread's fault was under way meanwhile. */
	refill = usm_magazines_refill(&magazines, 3, USM_RAMP_DEPTH_MIN, 256,
				      1000 * MS);
	cr_assert_eq(refill.frames, 0);
	refill = usm_magazines_refill(&magazines, 3, 2, 256, 1001 * MS);
	cr_assert_eq(refill.frames, 2 * USM_RAMP_DEPTH_MIN - 2);
	usm_magazines_drop(&magazines, 4);
	usm_magazines_taken_back(&magazines);
	refill = usm_magazines_refill(&magazines, 3, 0, 256, 1100 * MS);
	cr_assert_eq(refill.frames, USM_RAMP_DEPTH_MIN);
	usm_magazines_drop(&magazines, 3);
	refill = usm_magazines_refill(&magazines, 3, 0, 4, 1100 * MS);
	cr_assert_eq(refill.frames, 4);
	/* They share a place. */
	refill = usm_magazines_refill(&magazines, 3 + USM_MAGAZINES_MAX, 0, 256,
				      1100 * MS);
	cr_assert_eq(refill.frames, USM_RAMP_DEPTH_MIN);
}

Test(given, keeps_count)
{
	struct usm_given given;
	uint32_t frames[8], next = 0;

	cr_assert_eq(usm_given_init(&given, 200), 0);
	cr_assert(usm_given_set(&given, 199));
	cr_assert(usm_given_set(&given, 64));
	cr_assert(usm_given_set(&given, 63));
	cr_assert_not(usm_given_set(&given, 63));
	cr_assert_not(usm_given_set(&given, 200));
	cr_assert_not(usm_given_clear(&given, 200));
	cr_assert_eq(usm_given_nr(&given), 3);
	cr_assert_eq(usm_given_take(&given, 0, frames, 2, &next), 2);
	cr_assert_eq(frames[0], 63);
	cr_assert_eq(frames[1], 64);
	cr_assert_eq(usm_given_take(&given, next, frames, 2, &next), 1);
	cr_assert_eq(frames[0], 199);
	cr_assert_eq(next, 200);
	cr_assert_eq(usm_given_nr(&given), 0);
	usm_given_fini(&given);
}

Test(ranges, oldest_goes_first)
{
	static struct usm_ranges ranges;
	struct usm_range range;
	uint32_t i;

	for (i = 0; i < USM_RANGES_MAX; i++)
		usm_ranges_add(&ranges, &(struct usm_range){
						.addr = AT + i * 16 * PAGE,
						.member = 1 + i % 2,
						.first = i * 8,
						.frames = 8,
					});
	cr_assert(usm_ranges_overlap(&ranges, 1, AT - PAGE, 2));
	cr_assert_not(usm_ranges_overlap(&ranges, 2, AT - PAGE, 2));
	cr_assert_not(usm_ranges_overlap(&ranges, 1, AT + 8 * PAGE, 8));
	cr_assert(usm_ranges_overlap(&ranges, 1, AT + 7 * PAGE, 1));
	usm_ranges_used(&ranges, 8, 3);
	usm_ranges_used(&ranges, 11, 5);
	cr_assert_eq(ranges.nr, USM_RANGES_MAX - 1);
	usm_ranges_used(&ranges, USM_RANGES_MAX * 8, 1);
	cr_assert(usm_ranges_take_oldest(&ranges, &range));
	cr_assert_eq(range.first, 0);
	cr_assert(usm_ranges_take_oldest(&ranges, &range));
	cr_assert_eq(range.first, 16);
	usm_ranges_drop(&ranges, 1);
	for (i = 0; i < ranges.nr; i++)
		cr_assert_eq(ranges.at[i].member, 2);
	usm_ranges_drop(&ranges, 2);
	cr_assert_not(usm_ranges_take_oldest(&ranges, &range));
}
