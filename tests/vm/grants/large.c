/* SPDX-License-Identifier: MIT */
/* Large pages of every size: one fault, one compound page, and home as one. */
#include "common/client.h"
#include "grants/grants.h"
#include "grants/runs.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/instance.h"

#define ORDER_MIN 2
#define ORDERS (USM_ORDER_MAX - ORDER_MIN)

/* Sizes from 16 KiB to 1 MiB, each in a page table of its own. */
static uint32_t start_of(uint8_t order)
{
	return (uint32_t)(order - ORDER_MIN) * RUN_PAGES_MAX;
}

static void one_order(struct runs *runs, uint8_t order)
{
	uint32_t from = start_of(order), to = from + RUN_PAGES_MAX;
	uint32_t size = 1U << order;
	uint64_t faults;

	check_eq(runs_grant(runs, from, RUN_PAGES_MAX, order, 0), 0,
		 "large: order %d is granted", order);
	faults = member_do(&runs->member, ORDER_FILL, from, RUN_PAGES_MAX);
	if (!runs->large && size > USM_AROUND_MAX)
		size = USM_AROUND_MAX;
	check_compare(faults, <=, RUN_PAGES_MAX / size + 2,
		      "large: order %d: one fault a run", order);
	check_eq(runs_misplaced(runs, from, to), 0,
		 "large: order %d: every page has its frame", order);
	check_eq(runs_not_of(runs, from, to, runs->large ? order : 0), 0,
		 "large: order %d: they are compound pages", order);
	check_eq(member_do(&runs->member, ORDER_BAD, from, RUN_PAGES_MAX), 0,
		 "large: order %d: the data is right", order);
}

void test_large(int dev)
{
	uint32_t pages = ORDERS * RUN_PAGES_MAX, told = 0, wrong = 0;
	struct usm_instance_info info;
	struct usm_notice notice;
	long long before = large_stat("nr_anon");
	struct runs runs;
	uint8_t order;

	runs_open(&runs, pages);
	for (order = ORDER_MIN; order < USM_ORDER_MAX; order++)
		one_order(&runs, order);
	if (runs.large)
		check_eq(large_stat("nr_anon"), before + RUN_PAGES_MAX / 16,
			 "large: the kernel counts them too");
	while (grants_notice(&runs.daemon, USM_NOTICE_USED, &notice)) {
		wrong +=
			notice.addr != member_page(&runs.member,
						   notice.frame - runs.first) ||
			notice.member != runs.member.id;
		told += notice.pages;
	}
	check_eq(told, pages, "large: each page is told");
	check_eq(wrong, 0, "large: and told right");
	instance_info(dev, runs.daemon.claim.instance, &info);
	check_eq(info.range + info.around, pages, "large: the counts add up");
	check_eq(instance_fallbacks(&info), 0, "large: nothing fell back");

	member_do(&runs.member, ORDER_DONTNEED, 0, pages / 2);
	check(runs_home(&runs, 0, pages / 2), "large: MADV_DONTNEED, all home");
	check_eq(runs_not_of(&runs, 0, pages / 2, 0), 0,
		 "large: they are small frames again");
	check_eq(runs_grant(&runs, 0, pages / 2, 0, 0), 0,
		 "large: and can be granted again");
	member_do(&runs.member, ORDER_FILL, 0, pages / 2);
	check_eq(runs_misplaced(&runs, 0, pages / 2), 0,
		 "large: one by one this time");
	check_eq(runs_not_of(&runs, 0, pages / 2, 0), 0,
		 "large: as small pages");
	check_eq(member_do(&runs.member, ORDER_BAD, 0, pages), 0,
		 "large: the data is right");
	runs_close(&runs, "large: at exit");
	check_eq(large_stat("nr_anon"), before,
		 "large: in the kernel's count there is none left");
}

/* What is in the way makes pages smaller, down to single ones. */
void test_large_in_the_way(int dev)
{
	struct runs runs;
	uint32_t i, zeroed = 0;

	(void)dev;
	runs_open(&runs, 2 * RUN_PAGES_MAX);
	grants_soil(&runs.daemon, runs.first, 2 * RUN_PAGES_MAX);
	/* The kernel's own page at 20, one that was read at 64. */
	member_do(&runs.member, ORDER_FILL, 20, 1);
	member_do(&runs.member, ORDER_READ, 64, 1);
	check_eq(runs_grant(&runs, 0, 256, 4, 0), 0, "way: granted");
	for (i = 0; i < 256; i += 16)
		member_do(&runs.member, ORDER_FILL, i, 1);
	if (runs.large) {
		check_eq(runs_not_of(&runs, 0, 16, 4), 0,
			 "way: a run where it is clear");
		check_eq(runs_not_of(&runs, 16, 20, 2), 0,
			 "way: a smaller one beside a page");
		check_eq(runs_not_of(&runs, 32, 64, 4), 0, "way: and behind");
	}
	check_eq(member_do(&runs.member, ORDER_BAD, 20, 1), 0,
		 "way: what was there stays");
	for (i = 1; i < 16; i++)
		zeroed += member_do(&runs.member, ORDER_NONZERO, i, 1) == 0;
	check_eq(zeroed, 15, "way: the rest of a run is cleared");

	/* Vouched for, it is not; half out of the grant, there is none. */
	check_eq(runs_grant(&runs, RUN_PAGES_MAX, 24, 4, USM_GRANT_ZEROED), 0,
		 "way: granted zeroed");
	member_do(&runs.member, ORDER_FILL, RUN_PAGES_MAX, 1);
	check_eq(member_do(&runs.member, ORDER_NONZERO, RUN_PAGES_MAX, 16), 16,
		 "way: a vouched run is left as it is");
	member_do(&runs.member, ORDER_FILL, RUN_PAGES_MAX + 16, 1);
	if (runs.large)
		check_eq(runs_not_of(&runs, RUN_PAGES_MAX + 16,
				     RUN_PAGES_MAX + 24, 3),
			 0, "way: the grant's end makes it smaller");
	check_eq(runs_misplaced(&runs, RUN_PAGES_MAX, RUN_PAGES_MAX + 24), 0,
		 "way: all have their frames");
	runs_close(&runs, "way");
}

/* 2 MiB, by one entry of the upper level where the kernel makes such. */
void test_large_pmd(int dev)
{
	struct usm_evict_entry entry = { .cookie = 9 };
	uint32_t pages = 4 * RUN_PAGES_MAX;
	struct runs runs;
	uint64_t faults;
	int i;

	(void)dev;
	runs_open(&runs, pages);
	if (!runs.large) {
		test_note("no large pages on this kernel");
		runs_close(&runs, "pmd");
		return;
	}
	check_eq(runs_grant(&runs, 0, pages, USM_ORDER_MAX, 0), 0,
		 "pmd: granted");
	faults = member_do(&runs.member, ORDER_FILL, 0, pages);
	check_compare(faults, <=, 4 + 2, "pmd: one fault for 2 MiB");
	check_eq(runs_misplaced(&runs, 0, pages), 0,
		 "pmd: every page has its frame");
	check_eq(runs_not_of(&runs, 0, pages, USM_ORDER_MAX), 0,
		 "pmd: compound pages of 2 MiB");
	check_compare(smaps_number(runs.member.child.pid, "AnonHugePages:"), ==,
		      pages * 4, "pmd: and mapped as such, says smaps");
	check_eq(member_do(&runs.member, ORDER_BAD, 0, pages), 0,
		 "pmd: the data is right");

	/* Each taken apart in another way. */
	member_do(&runs.member, ORDER_UNMAP, 100, 12);
	check(runs_home(&runs, 100, 112), "pmd: a part unmapped comes home");
	member_do(&runs.member, ORDER_READ_ONLY, RUN_PAGES_MAX + 3, 4);
	check_eq(runs_misplaced(&runs, RUN_PAGES_MAX, 2 * RUN_PAGES_MAX), 0,
		 "pmd: mprotect of a part moves nothing");
	member_do(&runs.member, ORDER_DONTNEED, 2 * RUN_PAGES_MAX, 256);
	check(runs_home(&runs, 2 * RUN_PAGES_MAX, 2 * RUN_PAGES_MAX + 256),
	      "pmd: a part dropped comes home");
	entry.addr = member_page(&runs.member, 3 * RUN_PAGES_MAX + 7);
	entry.member = runs.member.id;
	check(usm_client_evict(runs.daemon.dev, &entry, 1, NULL) == 0 &&
		      entry.result == 0,
	      "pmd: one page is evicted");
	check_eq(runs_not_of(&runs, 3 * RUN_PAGES_MAX, 4 * RUN_PAGES_MAX, 0), 0,
		 "pmd: out of small ones");
	for (i = 0; i < 4; i++) {
		uint32_t from = (uint32_t)i * RUN_PAGES_MAX;

		check_eq(member_do(&runs.member, ORDER_BAD, from + 256, 256), 0,
			 "pmd: data of the rest, %d", i);
	}
	runs_close(&runs, "pmd");
}
