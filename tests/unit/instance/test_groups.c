/* SPDX-License-Identifier: MIT */
/* Several eviction policies side by side, and who gives how many pages. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "instance/evict/assigned.h"
#include "instance/evict/groups.h"
#include "instance/evict/shares.h"
#include "instance/policies/evict/registry.h"

/* ---- shares ------------------------------------------------------------------- */

static uint32_t sum_of(const struct usm_due *share, unsigned int nr)
{
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		sum += share[i].due;
	return sum;
}

Test(shares, ten_points_halve)
{
	unsigned int priority;

	cr_assert_eq(usm_shares_weight(100), 10);
	cr_assert_eq(usm_shares_weight(0), 10240);
	cr_assert_eq(usm_shares_weight(1000), 10);
	for (priority = 0; priority < 100; priority++) {
		cr_assert_gt(usm_shares_weight(priority),
			     usm_shares_weight(priority + 1));
		if (priority <= 90)
			cr_assert_eq(usm_shares_weight(priority),
				     2 * usm_shares_weight(priority + 10));
	}
}

Test(shares, one_group_gives_all)
{
	struct usm_due share = { .priority = 100, .pages = 100 };

	usm_shares_deal(&share, 1, 32);
	cr_assert_eq(share.due, 32);
	share.pages = 5;
	usm_shares_deal(&share, 1, 32);
	cr_assert_eq(share.due, 5);
	/* Passed over, but there is nobody else. */
	share.spared = true;
	usm_shares_deal(&share, 1, 32);
	cr_assert_eq(share.due, 5);
	share.pages = 0;
	usm_shares_deal(&share, 1, 32);
	cr_assert_eq(share.due, 0);
}

Test(shares, equal_priorities_give_by_size)
{
	struct usm_due share[3] = {
		{ .priority = 50, .pages = 1000 },
		{ .priority = 50, .pages = 2000 },
		{ .priority = 50, .pages = 1000 },
	};
	uint32_t given[3] = { 0 };
	unsigned int round, i;

	for (round = 0; round < 100; round++) {
		usm_shares_deal(share, 3, 7);
		cr_assert_eq(sum_of(share, 3), 7);
		for (i = 0; i < 3; i++)
			given[i] += share[i].due;
	}
	cr_assert_eq(given[0], 175);
	cr_assert_eq(given[1], 350);
	cr_assert_eq(given[2], 175);
}

Test(shares, low_priority_goes_first_and_nobody_is_spared)
{
	struct usm_due share[2] = {
		{ .priority = 0, .pages = 4096 },
		{ .priority = 100, .pages = 4096 },
	};
	uint32_t high = 0;
	unsigned int round;

	for (round = 0; round < 1025; round++) {
		usm_shares_deal(share, 2, 32);
		cr_assert_eq(sum_of(share, 2), 32);
		cr_assert_leq(share[1].due, 1);
		high += share[1].due;
	}
	cr_assert_eq(high, 32);
	/* Alone with pages it gives them. */
	share[0].pages = 3;
	usm_shares_deal(share, 2, 32);
	cr_assert_geq(share[1].due, 29);
	cr_assert_eq(sum_of(share, 2), 32);
	share[0].pages = 0;
	usm_shares_deal(share, 2, 32);
	cr_assert_eq(share[1].due, 32);
}

Test(shares, passed_over_gives_nothing_while_others_can)
{
	struct usm_due share[2] = {
		{ .priority = 0, .pages = 100, .spared = true },
		{ .priority = 100, .pages = 10 },
	};

	usm_shares_deal(share, 2, 32);
	cr_assert_eq(share[0].due, 0);
	cr_assert_eq(share[1].due, 10);
	share[1].pages = 0;
	usm_shares_deal(share, 2, 32);
	cr_assert_eq(share[0].due, 32);
}

/* As large as a pool can be: nothing overflows. */
Test(shares, holds_for_the_largest_pool)
{
	struct usm_due share[USM_SHARES_MAX];
	unsigned int i, round;

	memset(share, 0, sizeof(share));
	for (i = 0; i < USM_SHARES_MAX; i++)
		share[i].pages = UINT32_MAX / USM_SHARES_MAX;
	for (round = 0; round < 1000; round++) {
		usm_shares_deal(share, USM_SHARES_MAX, USM_SHARES_MAX);
		for (i = 0; i < USM_SHARES_MAX; i++)
			cr_assert_eq(share[i].due, 1);
	}
}

/* ---- assigned ----------------------------------------------------------------- */

#define MEMBERS 5000U

Test(assigned, keeps_every_member_until_it_is_forgotten)
{
	struct usm_assigned assigned = { 0 };
	uint32_t i;

	cr_assert_not(usm_assigned_has(&assigned, 1));
	cr_assert_eq(usm_assigned_group(&assigned, 1), 0);
	usm_assigned_forget(&assigned, 1);
	for (i = 1; i <= MEMBERS; i++)
		cr_assert(usm_assigned_set(&assigned, i * 64, i % 17));
	/* In an order that makes and closes gaps everywhere. */
	for (i = 1; i <= MEMBERS; i += 3)
		usm_assigned_forget(&assigned, i * 64);
	for (i = 1; i <= MEMBERS; i++) {
		bool there = i % 3 != 1;

		cr_assert_eq(usm_assigned_has(&assigned, i * 64), there);
		cr_assert_eq(usm_assigned_group(&assigned, i * 64),
			     there ? i % 17 : 0);
	}
	cr_assert(usm_assigned_set(&assigned, 128, 9));
	cr_assert_eq(usm_assigned_group(&assigned, 128), 9);
	usm_assigned_fini(&assigned);
}

Test(assigned, has_an_end)
{
	struct usm_assigned assigned = { 0 };
	uint32_t i;

	for (i = 1; i <= USM_ASSIGNED_MAX; i++)
		cr_assert(usm_assigned_set(&assigned, i, 1));
	cr_assert_not(usm_assigned_set(&assigned, i, 1));
	cr_assert_eq(usm_assigned_group(&assigned, i), 0);
	cr_assert(usm_assigned_set(&assigned, 7, 2));
	usm_assigned_forget(&assigned, 7);
	cr_assert(usm_assigned_set(&assigned, i, 3));
	usm_assigned_fini(&assigned);
}

/* Members that were seen after their end would fill it one day. */
Test(assigned, who_was_only_seen_makes_room)
{
	struct usm_assigned assigned = { 0 };
	uint32_t i;

	cr_assert(usm_assigned_set(&assigned, 1, 5));
	for (i = 2; i <= USM_ASSIGNED_MAX; i++)
		cr_assert(usm_assigned_see(&assigned, i));
	cr_assert(usm_assigned_has(&assigned, 2));
	cr_assert_eq(usm_assigned_group(&assigned, 2), 0);
	cr_assert_not(usm_assigned_see(&assigned, i));
	cr_assert(usm_assigned_set(&assigned, i, 3));
	cr_assert_eq(assigned.nr, 2);
	cr_assert_eq(usm_assigned_group(&assigned, 1), 5);
	cr_assert_eq(usm_assigned_group(&assigned, i), 3);
	cr_assert_not(usm_assigned_has(&assigned, 2));
	usm_assigned_fini(&assigned);
}

/* ---- groups ------------------------------------------------------------------- */

#define FRAMES 400U
#define LOW 11U
#define HIGH 22U
#define STRANGER 33U

static struct usm_groups *groups;

static void look_at_nothing(void *ctx, const uint32_t *frames, uint32_t nr)
{
	(void)ctx;
	(void)frames;
	(void)nr;
}

static uint64_t addr_of(uint32_t frame)
{
	return 0x10000000ULL + frame * 4096ULL;
}

static void place(uint32_t first, uint32_t nr, uint32_t member)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		usm_groups_placed(groups, first + i, member,
				  addr_of(first + i));
}

static uint32_t choose(uint32_t *victims, uint32_t nr)
{
	return usm_groups_choose(groups, look_at_nothing, NULL, victims, nr);
}

static void setup(void)
{
	const struct usm_group_options low = {
		.field = "processes[0]",
		.policy = &usm_evict_fifo,
		.priority = 0,
	};
	const struct usm_group_options high = {
		.field = "processes[1]",
		.priority = 100,
	};

	cr_assert_eq(usm_groups_create(&usm_evict_clock, FRAMES, &groups), 0);
	cr_assert_eq(usm_groups_add(groups, &low, NULL), 0);
	cr_assert_eq(usm_groups_add(groups, &high, NULL), 0);
	cr_assert_not(usm_groups_assign(groups, LOW, 1));
	cr_assert_not(usm_groups_assign(groups, HIGH, 2));
}

static void teardown(void)
{
	usm_groups_destroy(groups);
}

TestSuite(groups, .init = setup, .fini = teardown);

Test(groups, each_has_a_policy_of_its_own)
{
	cr_assert_eq(usm_groups_nr(groups), 3);
	cr_assert_str_eq(usm_checked_evict_name(usm_groups_policy(groups, 0)),
			 "clock");
	cr_assert_str_eq(usm_checked_evict_name(usm_groups_policy(groups, 1)),
			 "fifo");
	cr_assert_str_eq(usm_checked_evict_name(usm_groups_policy(groups, 2)),
			 "clock");
}

Test(groups, low_priority_gives_its_pages_first)
{
	uint32_t victims[32], gone = 0, i, n;

	place(0, 100, LOW);
	place(100, 100, HIGH);
	place(200, 100, STRANGER);
	while (usm_groups_pages(groups, 1) > 16) {
		n = choose(victims, 8);
		cr_assert_eq(n, 8);
		for (i = 0; i < n; i++)
			gone += victims[i] < 100;
	}
	/* Of a hundred of the others, at priority 50 and 100, two or three. */
	cr_assert_geq(gone, 84);
	cr_assert_geq(usm_groups_pages(groups, 0), 94);
	cr_assert_geq(usm_groups_pages(groups, 2), 99);
	/* All of them can be had, and no frame twice. */
	while ((n = choose(victims, 32)))
		for (i = 0; i < n; i++)
			cr_assert_not(usm_groups_has(groups, victims[i]));
	for (i = 0; i < 3; i++)
		cr_assert_eq(usm_groups_pages(groups, i), 0);
}

Test(groups, counts_pages_however_often_it_is_told)
{
	place(0, 10, LOW);
	place(0, 10, LOW);
	cr_assert_eq(usm_groups_pages(groups, 1), 10);
	/* The frame went to another member without a word. */
	place(0, 4, HIGH);
	cr_assert_eq(usm_groups_pages(groups, 1), 6);
	cr_assert_eq(usm_groups_pages(groups, 2), 4);
	cr_assert(usm_groups_in(groups, 3, 2));
	cr_assert_not(usm_groups_in(groups, 3, 1));
	usm_groups_removed(groups, 3);
	usm_groups_removed(groups, 3);
	usm_groups_removed(groups, FRAMES + 3);
	usm_groups_placed(groups, FRAMES, LOW, 4096);
	cr_assert_not(usm_groups_has(groups, 3));
	cr_assert_not(usm_groups_has(groups, FRAMES));
	cr_assert_eq(usm_groups_pages(groups, 2), 3);
}

Test(groups, says_when_pages_came_before_their_member)
{
	/* No page yet: nothing to put right. */
	cr_assert_not(usm_groups_assign(groups, 44, 1));
	place(0, 10, STRANGER);
	cr_assert_eq(usm_groups_pages(groups, 0), 10);
	cr_assert(usm_groups_assign(groups, STRANGER, 2));
	cr_assert_not(usm_groups_assign(groups, STRANGER, 2));
	place(0, 10, STRANGER);
	cr_assert_eq(usm_groups_pages(groups, 0), 0);
	cr_assert_eq(usm_groups_pages(groups, 2), 10);
	/* It executed another program. */
	cr_assert(usm_groups_assign(groups, STRANGER, 1));
	/* There is no such group. */
	cr_assert(usm_groups_assign(groups, STRANGER, 99));
	place(0, 10, STRANGER);
	cr_assert_eq(usm_groups_pages(groups, 0), 10);
	usm_groups_process_exit(groups, STRANGER);
	usm_groups_process_exit(groups, STRANGER);
}

Test(groups, what_cannot_go_does_not_stand_in_the_way)
{
	uint32_t victims[32], i, n, round, low = 0;

	place(0, 100, LOW);
	place(100, 100, HIGH);
	for (round = 0; round < 4; round++) {
		n = choose(victims, 10);
		cr_assert_eq(n, 10);
		/* Those of low priority are pinned. */
		for (i = 0; i < n; i++) {
			if (victims[i] >= 100)
				continue;
			low++;
			usm_groups_refused(groups, victims[i], LOW,
					   addr_of(victims[i]));
		}
	}
	cr_assert_eq(usm_groups_pages(groups, 1), 100);
	/* Every second batch came from elsewhere. */
	cr_assert_eq(usm_groups_pages(groups, 2), 80);
	cr_assert_eq(low, 20);
}

Test(groups, exchange_concerns_those_who_have_no_policy_of_their_own)
{
	struct usm_place places[FRAMES];
	struct usm_groups_fresh *fresh = NULL;
	uint32_t victims[32], i;

	place(0, 100, LOW);
	place(100, 100, HIGH);
	place(200, 100, STRANGER);
	for (i = 0; i < FRAMES; i++)
		places[i] = (struct usm_place){
			.member = i < 100   ? LOW
				  : i < 200 ? HIGH
					    : STRANGER,
			.addr = addr_of(i),
		};
	cr_assert_eq(usm_groups_prepare(groups, &usm_evict_lru, NULL, places,
					&fresh, NULL),
		     0);
	usm_groups_adopt(groups, fresh);
	cr_assert_str_eq(usm_checked_evict_name(usm_groups_policy(groups, 0)),
			 "lru");
	cr_assert_str_eq(usm_checked_evict_name(usm_groups_policy(groups, 1)),
			 "fifo");
	cr_assert_str_eq(usm_checked_evict_name(usm_groups_policy(groups, 2)),
			 "lru");
	for (i = 0; i < 3; i++)
		cr_assert_eq(usm_groups_pages(groups, i), 100);
	for (i = 0; i < 300; i++)
		cr_assert(usm_groups_has(groups, i));
	/* Every page can still be had. */
	for (i = 0; i < 300;)
		i += choose(victims, 32);
	cr_assert_eq(i, 300);
	cr_assert_eq(choose(victims, 32), 0);
}

Test(groups, errors_name_the_entry)
{
	struct usm_settings settings = {
		.nr = 1,
		.setting = { { "colour", "red" } },
	};
	const struct usm_group_options wrong = {
		.field = "processes[2]",
		.policy = &usm_evict_fifo,
		.settings = &settings,
		.priority = 1,
	};
	const struct usm_group_options right = {
		.field = "processes[2]",
		.policy = &usm_evict_fifo,
	};
	struct usm_failure failure = { 0 };
	int err = 0;

	cr_assert_eq(usm_groups_add(groups, &wrong, &failure), -ENOENT);
	cr_assert_str_eq(failure.text, "processes[2].evict_options.colour: "
				       "policy \"fifo\" has no such option");
	cr_assert_eq(usm_groups_nr(groups), 3);
	while (!err)
		err = usm_groups_add(groups, &right, &failure);
	cr_assert_eq(err, -ENOSPC);
	cr_assert_eq(usm_groups_nr(groups), USM_GROUPS_MAX);
}

Test(groups, alone_there_is_nothing_to_assign)
{
	struct usm_groups *alone;
	uint32_t victims[32], i;

	cr_assert_eq(usm_groups_create(&usm_evict_fifo, FRAMES, &alone), 0);
	cr_assert_not(usm_groups_assign(alone, LOW, 1));
	for (i = 0; i < 40; i++)
		usm_groups_placed(alone, i, STRANGER, addr_of(i));
	cr_assert_not(usm_groups_assign(alone, STRANGER, 1));
	cr_assert_eq(
		usm_groups_choose(alone, look_at_nothing, NULL, victims, 32),
		32);
	for (i = 0; i < 32; i++)
		cr_assert_eq(victims[i], i);
	usm_groups_destroy(alone);
	usm_groups_destroy(NULL);
}
