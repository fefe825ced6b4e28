/* SPDX-License-Identifier: MIT */
/* Parts of large pages go their own ways; nothing is lost on any of them. */
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "common/client.h"
#include "grants/grants.h"
#include "grants/runs.h"
#include "lib/check.h"
#include "lib/pattern.h"

#define ORDER 4
#define RUN (1U << ORDER)
#define PAGES RUN_PAGES_MAX

static void open_filled(struct runs *runs, const char *what)
{
	runs_open(runs, PAGES);
	check_eq(runs_grant(runs, 0, PAGES, ORDER, 0), 0, "%s: granted", what);
	member_do(&runs->member, ORDER_FILL, 0, PAGES);
	check_eq(runs_misplaced(runs, 0, PAGES), 0, "%s: all have their frames",
		 what);
	check_eq(runs_not_of(runs, 0, PAGES, runs->large ? ORDER : 0), 0,
		 "%s: large pages", what);
}

/* The run's pages [from, to) are gone, the others as they were. */
static void check_rest(struct runs *runs, uint32_t run, uint32_t from,
		       uint32_t to, const char *what)
{
	uint32_t start = run * RUN;

	check(runs_home(runs, start + from, start + to),
	      "%s: that part of the run comes home", what);
	check_eq(runs_misplaced(runs, start, start + from) +
			 runs_misplaced(runs, start + to, start + RUN),
		 0, "%s: the rest stays", what);
	check_eq(runs_not_of(runs, start, start + RUN, 0), 0,
		 "%s: as small pages", what);
	check_eq(member_do(&runs->member, ORDER_BAD, start, from), 0,
		 "%s: with its data", what);
	check_eq(member_do(&runs->member, ORDER_BAD, start + to, RUN - to), 0,
		 "%s: with all of its data", what);
}

void test_large_unmapped(int dev)
{
	long long before = large_stat("split_deferred");
	struct runs runs;

	(void)dev;
	open_filled(&runs, "parts");
	member_do(&runs.member, ORDER_UNMAP, 1 * RUN + 5, 4);
	check_rest(&runs, 1, 5, 9, "munmap");
	member_do(&runs.member, ORDER_DONTNEED, 2 * RUN, 3);
	check_rest(&runs, 2, 0, 3, "MADV_DONTNEED");
	/* Over a border: the end of one, the start of the next. */
	member_do(&runs.member, ORDER_UNMAP, 3 * RUN + 14, 5);
	check_rest(&runs, 3, 14, 16, "munmap over a border");
	check_rest(&runs, 4, 0, 3, "munmap behind a border");

	member_do(&runs.member, ORDER_READ_ONLY, 6 * RUN + 7, 3);
	member_do(&runs.member, ORDER_FILL, 6 * RUN, RUN);
	check_eq(runs_misplaced(&runs, 6 * RUN, 7 * RUN), 0,
		 "mprotect: nothing is moved");
	check_eq(runs_not_of(&runs, 6 * RUN, 7 * RUN, runs.large ? ORDER : 0),
		 0, "mprotect: nor made small");
	/* The kernel makes it small for this. */
	member_do(&runs.member, ORDER_FREE, 7 * RUN + 1, 3);
	check_eq(member_do(&runs.member, ORDER_BAD, 7 * RUN, RUN), 0,
		 "MADV_FREE: nothing is lost without need");
	check_eq(member_do(&runs.member, ORDER_BAD, 8 * RUN, PAGES - 8 * RUN),
		 0, "parts: the others' data is right");
	check_eq(large_stat("split_deferred"), before,
		 "parts: none was on the kernel's list of those to be split");
	check_eq(large_stat("nr_anon_partially_mapped") > 0, false,
		 "parts: nor is one");
	runs_close(&runs, "parts");
}

void test_large_moved(int dev)
{
	struct runs runs;
	uint64_t to;
	uint32_t i, wrong = 0;

	(void)dev;
	open_filled(&runs, "move");
	/* From the middle of one run to the middle of another. */
	to = member_do(&runs.member, ORDER_MOVE, RUN + 5, 2 * RUN);
	for (i = 0; i < 2 * RUN; i++)
		wrong += frame_at(runs.member.child.pid, to + i * PAGE_BYTES,
				  &runs.daemon) != runs.first + RUN + 5 + i;
	check_eq(wrong, 0, "move: the same frames at the new place");
	check_eq(runs_misplaced(&runs, RUN, RUN + 5) +
			 runs_misplaced(&runs, 3 * RUN + 5, 4 * RUN),
		 0, "move: and at the old one");
	check_eq(member_do(&runs.member, ORDER_BAD, RUN, 5), 0,
		 "move: with the data");
	runs_close(&runs, "move");
}

/* By the policy: one page of a run to another frame. */
void test_large_relocated(int dev)
{
	struct usm_move_entry entry;
	struct runs runs;

	(void)dev;
	open_filled(&runs, "relocate");
	entry = (struct usm_move_entry){
		.addr = member_page(&runs.member, RUN + 6),
		.member = runs.member.id,
		.target = runs.first + PAGES,
	};
	check(usm_client_move(runs.daemon.dev, &entry, 1, NULL) == 0 &&
		      entry.result == 0,
	      "relocate: one page of a run moves");
	check_eq(member_frame(&runs.member, &runs.daemon, RUN + 6),
		 runs.first + PAGES, "relocate: it has its new frame");
	check(runs_home(&runs, RUN + 6, RUN + 7),
	      "relocate: the old one comes home");
	check_eq(runs_misplaced(&runs, RUN, RUN + 6) +
			 runs_misplaced(&runs, RUN + 7, 2 * RUN),
		 0, "relocate: the others stay");
	check_eq(member_do(&runs.member, ORDER_BAD, 0, PAGES), 0,
		 "relocate: all data is right");
	runs_close(&runs, "relocate");
}

void test_large_forked(int dev)
{
	struct runs runs;
	uint32_t i, shared = 0;
	pid_t pid;

	(void)dev;
	open_filled(&runs, "fork");
	/* The child writes half of each of the first runs. */
	runs.member.seed = 2;
	pid = (pid_t)member_do(&runs.member, ORDER_FORK, 0, RUN / 2);
	runs.member.seed = 1;
	check_eq(member_do(&runs.member, ORDER_BAD, 0, PAGES), 0,
		 "fork: the parent's data is untouched");
	for (i = RUN; i < PAGES; i++)
		shared += frame_at(pid, member_page(&runs.member, i),
				   &runs.daemon) == runs.first + i;
	check_eq(shared, PAGES - RUN, "fork: the child shares the frames");
	/* Now the parent lets go of parts that the child still has. */
	member_do(&runs.member, ORDER_DONTNEED, 2 * RUN + 3, 4);
	check_eq(frame_at(pid, member_page(&runs.member, 2 * RUN + 4),
			  &runs.daemon),
		 runs.first + 2 * RUN + 4,
		 "fork: what it drops the child keeps");
	member_do(&runs.member, ORDER_FILL, 4 * RUN, 2 * RUN + 2);
	check_eq(member_do(&runs.member, ORDER_BAD, 4 * RUN, 4 * RUN), 0,
		 "fork: the parent's copies are right");
	member_do(&runs.member, ORDER_REAP, (size_t)pid, 0);
	check(runs_home(&runs, 2 * RUN + 3, 2 * RUN + 7),
	      "fork: with the child the last user of a part goes");
	check(runs_home(&runs, 4 * RUN, 6 * RUN + 2),
	      "fork: and of what was copied");
	check_eq(member_do(&runs.member, ORDER_BAD, 7 * RUN, PAGES - 7 * RUN),
		 0, "fork: the data is right");
	runs_close(&runs, "fork");
}

static uint64_t word_of(struct runs *runs, uint32_t page)
{
	uint64_t word = 0;

	if (usm_client_pages(runs->daemon.dev, runs->member.id,
			     member_page(&runs->member, page), 1, 0, &word))
		require(false, "evict: a page is described");
	return word;
}

static uint32_t bits_set(struct runs *runs, uint64_t bit, uint32_t flags)
{
	uint64_t words[RUN];
	uint32_t i, set = 0;

	if (usm_client_pages(runs->daemon.dev, runs->member.id,
			     member_page(&runs->member, 8 * RUN), RUN, flags,
			     words))
		require(false, "evict: a run is described");
	for (i = 0; i < RUN; i++)
		set += (words[i] & bit) != 0;
	return set;
}

void test_large_evicted(int dev)
{
	struct usm_evict_entry entry = { .cookie = 5 };
	struct usm_swapin_entry back = { 0 };
	uint8_t *stored = malloc(PAGE_BYTES);
	struct runs runs;
	void *slice;

	(void)dev;
	open_filled(&runs, "evict");
	check_eq(bits_set(&runs, USM_PAGE_ACCESSED, USM_PAGES_CLEAR_ACCESSED),
		 RUN, "evict: a run was accessed");
	check_eq(bits_set(&runs, USM_PAGE_ACCESSED, 0), 0,
		 "evict: and is not since");
	check_eq(!!(word_of(&runs, RUN + 6) & USM_PAGE_LARGE), runs.large,
		 "evict: a large page is told as such");

	entry.addr = member_page(&runs.member, RUN + 6);
	entry.member = runs.member.id;
	check_eq(usm_client_evict(runs.daemon.dev, &entry, 1, NULL), 0,
		 "evict: one page of a run");
	check_eq(entry.result, 0, "evict: goes");
	check_eq(entry.frame, runs.first + RUN + 6, "evict: its own frame");
	check(word_of(&runs, RUN + 6) & USM_PAGE_EVICTED, "evict: it is out");
	check_eq(runs_misplaced(&runs, RUN, RUN + 6) +
			 runs_misplaced(&runs, RUN + 7, 2 * RUN),
		 0, "evict: the others stay");
	check(!(word_of(&runs, RUN + 5) & USM_PAGE_LARGE),
	      "evict: they are small now");
	if (usm_client_map_slice(runs.daemon.dev, entry.frame, 1, &slice))
		require(false, "evict: its frame maps");
	memcpy(stored, slice, PAGE_BYTES);
	usm_client_unmap(slice, PAGE_BYTES);
	check_eq(grants_free(&runs.daemon, entry.frame), 0,
		 "evict: it is stored");

	back.addr = entry.addr;
	back.member = entry.member;
	back.frame = entry.frame;
	if (usm_client_map_slice(runs.daemon.dev, back.frame, 1, &slice))
		require(false, "evict: its frame maps again");
	memcpy(slice, stored, PAGE_BYTES);
	usm_client_unmap(slice, PAGE_BYTES);
	check_eq(usm_client_swapin(runs.daemon.dev, &back, 1, NULL), 0,
		 "evict: and back");
	check_eq(back.result, 0, "evict: into the same frame");
	check_eq(member_do(&runs.member, ORDER_BAD, 0, PAGES), 0,
		 "evict: all data is right");
	free(stored);
	runs_close(&runs, "evict");
}
