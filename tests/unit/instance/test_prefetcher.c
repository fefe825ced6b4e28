/* SPDX-License-Identifier: MIT */
/* Reading ahead: where pages are, the shelf, and what becomes of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/client.h"
#include "fake_kernel.h"
#include "instance/prefetch/prefetcher.h"
#include "instance/prefetch/shelf.h"
#include "instance/prefetch/where.h"
#include "instance/prefetch/window.h"

#define MEMBER 3
#define BASE 0x10000000ULL
#define SLOTS 1024
#define PAGE USM_FRAME_BYTES
#define IO_MAX 1024

/* ---- where -------------------------------------------------------------------- */

Test(where, knows_the_last_cookie_of_a_page)
{
	struct usm_where *where;

	cr_assert_eq(usm_where_create(16, &where), 0);
	cr_assert_eq(usm_where_find(where, 1, BASE), 0);
	usm_where_set(where, 1, BASE, 7ULL << 32 | 5);
	cr_assert_eq(usm_where_find(where, 1, BASE), 7ULL << 32 | 5);
	cr_assert_eq(usm_where_find(where, 2, BASE), 0);
	cr_assert_eq(usm_where_find(where, 1, BASE + PAGE), 0);
	/* The same page elsewhere, and the slot for another page. */
	usm_where_set(where, 1, BASE, 8ULL << 32 | 6);
	cr_assert_eq(usm_where_find(where, 1, BASE), 8ULL << 32 | 6);
	usm_where_set(where, 1, BASE + PAGE, 9ULL << 32 | 6);
	cr_assert_eq(usm_where_find(where, 1, BASE + PAGE), 9ULL << 32 | 6);
	/* What is out of date is found again, for the map to tell. */
	cr_assert_eq(usm_where_find(where, 1, BASE), 7ULL << 32 | 5);
	usm_where_forget(where, 6ULL << 32 | 6);
	cr_assert_eq(usm_where_find(where, 1, BASE + PAGE), 9ULL << 32 | 6);
	usm_where_forget(where, 9ULL << 32 | 6);
	cr_assert_eq(usm_where_find(where, 1, BASE + PAGE), 0);
	/* No slots, no cookies. */
	usm_where_set(where, 1, BASE, 1ULL << 32);
	usm_where_set(where, 1, BASE, 1ULL << 32 | 16);
	usm_where_set(where, 1, BASE, 3);
	usm_where_forget(where, 1ULL << 32 | 99);
	cr_assert_eq(usm_where_find(where, 1, BASE), 7ULL << 32 | 5);
	usm_where_destroy(where);
	usm_where_destroy(NULL);
}

Test(where, random_lives)
{
	uint64_t cookies[64] = { 0 }, random = 5, cookie, slot;
	uint32_t owner[SLOTS], i, page;
	struct usm_where *where;

	memset(owner, 0xff, sizeof(owner));
	cr_assert_eq(usm_where_create(SLOTS, &where), 0);
	for (i = 1; i < 20000; i++) {
		page = (uint32_t)fake_random(&random) % 64;
		slot = 1 + fake_random(&random) % (SLOTS - 1);
		/* Each page has one cookie here. */
		usm_where_forget(where, cookies[page]);
		if (cookies[page])
			owner[(uint32_t)cookies[page]] = UINT32_MAX;
		if (owner[slot] != UINT32_MAX)
			cookies[owner[slot]] = 0;
		cookie = (uint64_t)i << 32 | slot;
		usm_where_set(where, page % 7, BASE + page * PAGE, cookie);
		cookies[page] = cookie;
		owner[slot] = page;
		page = (uint32_t)fake_random(&random) % 64;
		cr_assert_eq(
			usm_where_find(where, page % 7, BASE + page * PAGE),
			cookies[page]);
	}
	usm_where_destroy(where);
}

/* ---- the shelf ------------------------------------------------------------------ */

Test(shelf, gives_what_was_put_there)
{
	struct usm_shelf_page page = { .member = MEMBER, .addr = BASE };
	char frame[USM_FRAME_BYTES];
	struct usm_shelf *shelf;
	uint32_t place, i;
	void *to;

	cr_assert_eq(usm_shelf_create(&shelf), 0);
	for (i = 0; i < USM_SHELF_PLACES; i++) {
		page.cookie = 1ULL << 32 | (i + 1);
		place = usm_shelf_put(shelf, &page, &to);
		cr_assert_neq(place, USM_SHELF_NONE);
		memset(to, (int)i, USM_FRAME_BYTES);
		cr_assert(usm_shelf_is_loading(shelf, i + 1));
		cr_assert(usm_shelf_page(shelf, place)->loading);
		usm_shelf_loaded(shelf, place);
		cr_assert_not(usm_shelf_is_loading(shelf, i + 1));
	}
	page.cookie = 1ULL << 32 | 999;
	cr_assert_eq(usm_shelf_put(shelf, &page, &to), USM_SHELF_NONE);
	for (i = 0; i < USM_SHELF_PLACES; i += 3) {
		place = usm_shelf_find(shelf, 1ULL << 32 | (i + 1));
		cr_assert_eq(usm_shelf_copy(shelf, place, frame), 0);
		cr_assert_eq(frame[0], (char)i);
		cr_assert_eq(frame[USM_FRAME_BYTES - 1], (char)i);
		/* Another page was in that slot. */
		cr_assert_eq(usm_shelf_find(shelf, 2ULL << 32 | (i + 1)),
			     USM_SHELF_NONE);
		usm_shelf_clear(shelf, place);
		cr_assert_eq(usm_shelf_find(shelf, 1ULL << 32 | (i + 1)),
			     USM_SHELF_NONE);
	}
	/* A frame that is not ours any more. */
	place = usm_shelf_find(shelf, 1ULL << 32 | 2);
	cr_assert_eq(usm_shelf_copy(shelf, place, NULL), -EFAULT);
	cr_assert_eq(usm_shelf_next(shelf, 0), 1);
	cr_assert_eq(usm_shelf_next(shelf, 3), 4);
	cr_assert_eq(usm_shelf_next(shelf, USM_SHELF_PLACES), USM_SHELF_NONE);
	usm_shelf_destroy(shelf);
	usm_shelf_destroy(NULL);
}

/* ---- the window ------------------------------------------------------------------ */

static uint32_t settle(uint32_t wrong_in)
{
	uint32_t window = USM_PREFETCH_WINDOW_FIRST, i;

	for (i = 0; i < 10000; i++)
		window = wrong_in && i % wrong_in == 0
				 ? usm_prefetch_window_unused(window)
				 : usm_prefetch_window_used(window, 256);
	return window;
}

Test(prefetch_window, follows_how_often_it_was_right)
{
	cr_assert_eq(settle(0), 256);
	cr_assert_eq(settle(1), 1);
	cr_assert_leq(settle(2), 8);
	cr_assert(settle(10) > 40 && settle(10) < 100, "%u", settle(10));
}

/* ---- all of it ------------------------------------------------------------------- */

static struct usm_swap_map *map;
static struct usm_prefetcher *prefetcher;
static uint64_t cookie_of[64]; /* by page */
static struct {
	uint32_t slot, token;
	char *page;
	bool over;
} io[IO_MAX];
static uint32_t nr_io, refuse_after, joins;
static int refusal;
static uint32_t used, unused;
static uint64_t next_wants[8];
static uint32_t nr_next;

static int io_begin(void *ctx, uint32_t slot, void *page, uint32_t token)
{
	(void)ctx;
	if (nr_io >= refuse_after)
		return refusal;
	cr_assert_lt(nr_io, IO_MAX);
	io[nr_io].slot = slot;
	io[nr_io].token = token;
	io[nr_io++].page = page;
	return 0;
}

static void io_end(uint32_t i, int result)
{
	if (!result)
		memset(io[i].page, (int)io[i].slot, USM_FRAME_BYTES);
	io[i].over = true;
	usm_prefetcher_loaded(prefetcher, io[i].token, result);
}

/* All that is under way ends while somebody waits. */
static bool io_join(void *ctx)
{
	uint32_t i;

	(void)ctx;
	joins++;
	for (i = 0; i < nr_io; i++)
		if (!io[i].over)
			io_end(i, 0);
	return true;
}

static bool io_cannot_join(void *ctx)
{
	(void)ctx;
	return false;
}

static int told_init(void **ctx)
{
	*ctx = malloc(1);
	return 0;
}

static uint32_t told_fault(void *ctx, const struct usm_fault *fault,
			   uint64_t *wants, uint32_t nr)
{
	uint32_t i;

	(void)ctx;
	(void)fault;
	for (i = 0; i < nr && i < nr_next; i++)
		wants[i] = next_wants[i];
	return i;
}

static void told_used(void *ctx, uint32_t member, uint64_t addr)
{
	(void)ctx;
	cr_assert_eq(member, MEMBER);
	cr_assert_eq(addr % PAGE, 0);
	used++;
}

static void told_unused(void *ctx, uint32_t member, uint64_t addr)
{
	(void)ctx;
	cr_assert_eq(member, MEMBER);
	cr_assert_eq(addr % PAGE, 0);
	unused++;
}

static const struct usm_prefetch_policy told = {
	USM_POLICY_HEAD(struct usm_prefetch_policy),
	.name = "told",
	.summary = "does as it is told",
	.init = told_init,
	.fini = free,
	.fault = told_fault,
	.used = told_used,
	.unused = told_unused,
};

static void put_policy(void)
{
	struct usm_checked_prefetch *policy = NULL;

	cr_assert_eq(
		usm_prefetcher_prepare(prefetcher, &told, NULL, &policy, NULL),
		0);
	usm_prefetcher_adopt(prefetcher, policy);
}

static void setup(void)
{
	const struct usm_prefetcher_io how = {
		.begin = io_begin,
		.join = io_join,
	};
	uint32_t i;

	refuse_after = UINT32_MAX;
	cr_assert_eq(usm_swap_map_create(SLOTS, &map), 0);
	cr_assert_eq(usm_prefetcher_create(map, &prefetcher), 0);
	usm_prefetcher_read_by(prefetcher, &how);
	put_policy();
	for (i = 0; i < 64; i++) {
		cookie_of[i] = usm_swap_map_take(map);
		usm_prefetcher_stored(prefetcher, cookie_of[i], MEMBER,
				      BASE + i * PAGE);
	}
}

static void teardown(void)
{
	usm_prefetcher_destroy(prefetcher);
	usm_swap_map_destroy(map);
}

TestSuite(prefetcher, .init = setup, .fini = teardown);

/* A fault on a page, after which others are wanted. */
static void fault_wants(uint32_t page, uint32_t first, uint32_t nr)
{
	const struct usm_fault fault = {
		.addr = BASE + page * PAGE,
		.vma_start = BASE,
		.vma_end = BASE + 64 * PAGE,
		.member = MEMBER,
		.kind = USM_FAULT_SWAPIN,
	};
	uint32_t i;

	nr_next = nr;
	for (i = 0; i < nr; i++)
		next_wants[i] = BASE + (first + i) * PAGE;
	usm_prefetcher_fault(prefetcher, &fault);
	usm_prefetcher_work(prefetcher);
}

static uint64_t counter(const char *name)
{
	struct usm_policy_stat stat[16];
	uint32_t nr = usm_prefetcher_stats(prefetcher, stat, 16), i;

	for (i = 0; i < nr; i++)
		if (!strcmp(stat[i].name, name))
			return stat[i].value;
	cr_assert_fail("no counter %s", name);
	return 0;
}

static int fill(uint32_t page, char *frame)
{
	return usm_prefetcher_fill(prefetcher, cookie_of[page], frame);
}

/* The page is needed, and is what was in its slot. */
static void fills(uint32_t page)
{
	char frame[USM_FRAME_BYTES] = { 0 };

	cr_assert_eq(fill(page, frame), 0);
	cr_assert_eq(frame[0], (char)cookie_of[page]);
	cr_assert_eq(frame[USM_FRAME_BYTES - 1], (char)cookie_of[page]);
}

Test(prefetcher, gives_a_page_once_it_is_there)
{
	char frame[USM_FRAME_BYTES];

	fault_wants(0, 1, 2);
	cr_assert_eq(nr_io, 2);
	cr_assert_eq(io[0].slot, (uint32_t)cookie_of[1]);
	cr_assert(usm_prefetcher_is_loading(prefetcher, io[0].slot));
	io_end(0, 0);
	cr_assert_not(usm_prefetcher_is_loading(prefetcher, io[0].slot));
	cr_assert(usm_prefetcher_is_loading(prefetcher, io[1].slot));
	fills(1);
	cr_assert_eq(used, 1);
	cr_assert_eq(joins, 0);
	/* It is given once, and was never asked for. */
	cr_assert_eq(fill(1, frame), -ENOENT);
	cr_assert_eq(fill(9, frame), -ENOENT);
}

Test(prefetcher, whoever_needs_a_page_under_way_waits_for_it)
{
	fault_wants(0, 1, 2);
	fills(2);
	cr_assert_eq(joins, 1);
	cr_assert_eq(counter("late"), 1);
	cr_assert_eq(nr_io, 2);
}

Test(prefetcher, whoever_cannot_wait_reads_it_himself)
{
	const struct usm_prefetcher_io how = {
		.begin = io_begin,
		.join = io_cannot_join,
	};
	char frame[USM_FRAME_BYTES];

	usm_prefetcher_read_by(prefetcher, &how);
	fault_wants(0, 1, 1);
	cr_assert_eq(fill(1, frame), -ENOENT);
	io_end(0, 0);
	usm_swap_map_give(map, cookie_of[1]);
}

Test(prefetcher, reads_no_page_twice)
{
	fault_wants(0, 1, 4);
	fault_wants(1, 1, 5);
	cr_assert_eq(nr_io, 5);
	io_end(0, 0);
	fault_wants(2, 1, 5);
	cr_assert_eq(nr_io, 5);
	/* Nor one that a fault reads. */
	cr_assert_eq(fill(20, NULL), -ENOENT);
	fault_wants(20, 20, 1);
	cr_assert_eq(nr_io, 5);
}

Test(prefetcher, reads_only_what_is_out)
{
	usm_swap_map_give(map, cookie_of[2]);
	fault_wants(0, 1, 3);
	cr_assert_eq(nr_io, 2);
	fault_wants(0, 100, 3);
	cr_assert_eq(nr_io, 2);
	cr_assert_eq(counter("read"), 2);
}

/* mremap(): what is at the address is another page by now. */
Test(prefetcher, a_page_is_known_by_what_it_holds)
{
	uint64_t moved = cookie_of[1];
	char frame[USM_FRAME_BYTES];

	fault_wants(0, 1, 1);
	io_end(0, 0);
	cookie_of[1] = usm_swap_map_take(map);
	cr_assert_eq(fill(1, frame), -ENOENT);
	cookie_of[1] = moved;
	fills(1);
}

/* A slot that is used anew has another cookie. */
Test(prefetcher, an_earlier_page_of_the_slot_is_not_given)
{
	char frame[USM_FRAME_BYTES];

	fault_wants(0, 1, 1);
	io_end(0, 0);
	usm_swap_map_give(map, cookie_of[1]);
	cookie_of[1] = usm_swap_map_take(map);
	cr_assert_eq((uint32_t)cookie_of[1], io[0].slot);
	cr_assert_eq(fill(1, frame), -ENOENT);
}

Test(prefetcher, what_cannot_be_read_is_left_to_who_needs_it)
{
	char frame[USM_FRAME_BYTES];

	fault_wants(0, 1, 1);
	io_end(0, -EIO);
	cr_assert_eq(fill(1, frame), -ENOENT);
	cr_assert_eq(counter("failed"), 1);
	cr_assert_not(usm_prefetcher_is_loading(prefetcher, io[0].slot));
}

Test(prefetcher, a_frame_that_left_costs_no_page)
{
	fault_wants(0, 1, 1);
	io_end(0, 0);
	cr_assert_eq(fill(1, NULL), -EFAULT);
	fills(1);
	cr_assert_eq(used, 1);
}

Test(prefetcher, begins_again_when_the_device_was_busy)
{
	refuse_after = 2;
	refusal = -EAGAIN;
	fault_wants(0, 1, 4);
	cr_assert_eq(nr_io, 2);
	usm_prefetcher_work(prefetcher);
	cr_assert_eq(nr_io, 2);
	refuse_after = UINT32_MAX;
	usm_prefetcher_work(prefetcher);
	cr_assert_eq(nr_io, 4);
	cr_assert_eq(io[2].slot, (uint32_t)cookie_of[3]);
	cr_assert_eq(counter("failed"), 0);
}

Test(prefetcher, gives_up_where_there_is_nothing_to_gain)
{
	refuse_after = 0;
	refusal = -EOPNOTSUPP;
	fault_wants(0, 1, 4);
	refuse_after = UINT32_MAX;
	fault_wants(1, 1, 4);
	cr_assert_eq(nr_io, 0);
	cr_assert_eq(counter("failed"), 0);
}

/* Nobody needs them, and the window shuts. */
Test(prefetcher, takes_away_what_nobody_needs)
{
	uint32_t i;

	fault_wants(0, 1, 8);
	io_join(NULL);
	for (i = 0; i < 2 * USM_PREFETCH_AGE; i++)
		fault_wants(0, 0, 0);
	cr_assert_eq(unused, 8);
	cr_assert_eq(counter("unused"), 8);
	cr_assert_lt(counter("window"), USM_PREFETCH_WINDOW_FIRST - 8);
	/* They may be wanted once more. */
	nr_io = 0;
	fault_wants(0, 1, 1);
	cr_assert_eq(nr_io, 1);
}

/* Always wrong, it costs a page for every AGE faults or so. */
Test(prefetcher, costs_little_when_it_is_always_wrong)
{
	uint32_t i;

	for (i = 0; i < 20 * USM_PREFETCH_AGE; i++) {
		fault_wants(0, 1 + i % 50, 8);
		io_join(NULL);
		if (nr_io > IO_MAX - 64)
			nr_io = 0;
	}
	cr_assert_eq(counter("window"), 1);
	cr_assert_leq(counter("read"), 70);
}

Test(prefetcher, does_not_hold_it_against_a_policy_that_pages_go)
{
	uint32_t i;

	fault_wants(0, 1, 8);
	io_join(NULL);
	for (i = 1; i <= 8; i++)
		usm_swap_map_give(map, cookie_of[i]);
	for (i = 0; i < 32; i++)
		fault_wants(0, 0, 0);
	cr_assert_eq(unused, 0);
	cr_assert_eq(counter("gone"), 8);
	cr_assert_eq(counter("window"), USM_PREFETCH_WINDOW_FIRST);
}

Test(prefetcher, has_no_more_on_the_shelf_than_the_window)
{
	uint32_t i;

	for (i = 0; i < 6; i++)
		fault_wants(0, 1 + i * 8, 8);
	cr_assert_eq(nr_io, USM_PREFETCH_WINDOW_FIRST);
	io_join(NULL);
	fills(1);
	/* One went, and the window grew by one. */
	fault_wants(1, 40, 8);
	cr_assert_eq(nr_io, USM_PREFETCH_WINDOW_FIRST + 2);
}

Test(prefetcher, policies_change_while_pages_are_on_their_way)
{
	fault_wants(0, 1, 2);
	usm_prefetcher_adopt(prefetcher, NULL);
	cr_assert_null(usm_prefetcher_policy_name(prefetcher));
	fault_wants(0, 3, 2);
	cr_assert_eq(nr_io, 2);
	io_end(0, 0);
	fills(1);
	fills(2);
	cr_assert_eq(used, 0);
	put_policy();
	cr_assert_str_eq(usm_prefetcher_policy_name(prefetcher), "told");
	fault_wants(0, 3, 2);
	cr_assert_eq(nr_io, 4);
	io_join(NULL);
}

/* Without a policy it is not even asked. */
Test(prefetcher, does_nothing_without_a_policy)
{
	char frame[USM_FRAME_BYTES];

	usm_prefetcher_destroy(prefetcher);
	cr_assert_eq(usm_prefetcher_create(map, &prefetcher), 0);
	usm_prefetcher_stored(prefetcher, cookie_of[1], MEMBER, BASE);
	fault_wants(0, 1, 2);
	cr_assert_eq(fill(1, frame), -ENOENT);
	cr_assert_not(usm_prefetcher_is_loading(prefetcher, 1));
	usm_prefetcher_member_gone(prefetcher, MEMBER);
	cr_assert_eq(nr_io, 0);
	usm_prefetcher_destroy(NULL);
}
