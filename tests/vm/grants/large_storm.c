/* SPDX-License-Identifier: MIT */
/* Large pages made, cut, shared, evicted and made again, in no order. */
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "common/client.h"
#include "grants/grants.h"
#include "grants/runs.h"
#include "lib/check.h"
#include "lib/pattern.h"

#define PAGES (2 * RUN_PAGES_MAX)
#define CHUNK 64

static uint32_t below(unsigned int *seed, uint32_t limit)
{
	return (uint32_t)rand_r(seed) % limit;
}

struct storm {
	struct runs runs;
	unsigned int seed;
	bool filled[PAGES];
	uint32_t large; /* runs granted anew */
	uint32_t evicted;
};

static void mark(struct storm *storm, uint32_t first, uint32_t pages, bool to)
{
	uint32_t i;

	for (i = first; i < first + pages; i++)
		storm->filled[i] = to;
}

/* Nothing of what is filled is wrong, and nothing of what is not is not zero. */
static uint64_t wrong(struct storm *storm)
{
	uint32_t from, to;
	uint64_t bad = 0;

	for (from = 0; from < PAGES; from = to) {
		for (to = from;
		     to < PAGES && storm->filled[to] == storm->filled[from];)
			to++;
		bad += member_do(&storm->runs.member,
				 storm->filled[from] ? ORDER_BAD
						     : ORDER_NONZERO,
				 from, to - from);
	}
	return bad;
}

/* A page goes, and comes back at once. */
static void evict(struct storm *storm, uint32_t page)
{
	struct raw_daemon *daemon = &storm->runs.daemon;
	struct usm_evict_entry entry = {
		.addr = member_page(&storm->runs.member, page),
		.member = storm->runs.member.id,
		.cookie = page,
	};
	struct usm_swapin_entry back = { .member = entry.member };

	if (usm_client_evict(daemon->dev, &entry, 1, NULL) || entry.result)
		return;
	storm->evicted++;
	/* Freed, the frame still holds what it held. */
	grants_free(daemon, entry.frame);
	back.addr = entry.addr;
	back.frame = entry.frame;
	if (usm_client_swapin(daemon->dev, &back, 1, NULL) || back.result)
		require(false, "storm: a page comes back");
}

/* A chunk that is empty, and whose frames are home, gets a grant again. */
static void renew(struct storm *storm, uint32_t first)
{
	static const uint8_t orders[] = { 2, 4, 6 };

	member_do(&storm->runs.member, ORDER_DONTNEED, first, CHUNK);
	mark(storm, first, CHUNK, false);
	runs_fetch(&storm->runs);
	storm->large += runs_grant(&storm->runs, first, CHUNK,
				   orders[below(&storm->seed, 3)], 0) == 0;
}

static void step(struct storm *storm)
{
	struct member *member = &storm->runs.member;
	uint32_t first = below(&storm->seed, PAGES);
	uint32_t pages = 1 + below(&storm->seed, 40);
	pid_t pid;

	if (pages > PAGES - first)
		pages = PAGES - first;
	switch (below(&storm->seed, 8)) {
	case 0:
	case 1:
	case 2:
		member_do(member, ORDER_FILL, first, pages);
		mark(storm, first, pages, true);
		break;
	case 3:
		member_do(member, ORDER_DONTNEED, first, pages);
		mark(storm, first, pages, false);
		break;
	case 4:
		member_do(member, ORDER_READ_ONLY, first, pages);
		break;
	case 5:
		pid = (pid_t)member_do(member, ORDER_FORK, first, pages);
		member_do(member, ORDER_FILL, first, pages / 2);
		mark(storm, first, pages / 2, true);
		member_do(member, ORDER_REAP, (size_t)pid, 0);
		break;
	case 6:
		evict(storm, first);
		break;
	case 7:
		renew(storm, first / CHUNK * CHUNK);
		break;
	}
}

void test_large_storm(int dev)
{
	struct storm *storm = calloc(1, sizeof(*storm));
	unsigned int i, rounds = test_count(400, 20000);
	uint64_t bad = 0;

	(void)dev;
	storm->seed = 1;
	runs_open(&storm->runs, PAGES);
	for (i = 0; i < PAGES; i += CHUNK)
		renew(storm, i);
	for (i = 0; i < rounds; i++) {
		step(storm);
		if (i % 20 == 0)
			bad += wrong(storm);
	}
	check_eq(bad + wrong(storm), 0, "storm: the data is right");
	check_compare(storm->large, >, PAGES / CHUNK,
		      "storm: frames were granted again and again");
	check_compare(storm->evicted, >, 0, "storm: and evicted");
	runs_close(&storm->runs, "storm");
	free(storm);
}
