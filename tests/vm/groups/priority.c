/* SPDX-License-Identifier: MIT */
/*
 * Two members under pressure: one is still, the other wants more and more.  By
 * use alone the still one loses its pages; by priority it keeps them.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "groups/groups.h"
#include "lib/check.h"
#include "lib/pattern.h"

#define PARTITION "8M"
#define SWAP "32M"

/* Together nine tenths of the partition's 2048 frames, then more than all. */
#define FIRST_PAGES 900U
#define MORE_PAGES 1200U
#define ALL_PAGES (FIRST_PAGES + MORE_PAGES)

/* A thousand times as ready to go, with twice as many pages at the most. */
#define LOST_MAX 20U

#define LOW_UID 1234

#define WORD_BASE 0
#define SEED 91

struct tenant {
	const char *name;
	uid_t uid; /* 0: as it is */
	size_t more; /* pages it wants under pressure */
};

static const struct tenant high_tenant = { .name = "still" };
static const struct tenant low_tenant = {
	.name = "greedy",
	.uid = LOW_UID,
	.more = MORE_PAGES,
};

static int tenant_main(struct child *self, void *arg)
{
	const struct tenant *tenant = arg;
	void *buffer = pattern_map(ALL_PAGES * PAGE_BYTES);
	size_t pages = FIRST_PAGES + tenant->more;

	prctl(PR_SET_NAME, tenant->name);
	if (tenant->uid && setuid(tenant->uid))
		return 2;
	/* Who has changed its uid is protected as if it were privileged. */
	prctl(PR_SET_DUMPABLE, 1);
	self->shared->word[WORD_BASE] = (uintptr_t)buffer;
	child_stop_at(self, 1);
	pattern_fill(buffer, 0, FIRST_PAGES, 1, SEED);
	child_stop_at(self, 2);
	pattern_fill(buffer, FIRST_PAGES, pages, 1, SEED);
	child_stop_at(self, 3);
	return pattern_bad(buffer, 0, pages, 1, SEED) != 0;
}

static void start(struct child *child, const struct instance *instance,
		  const struct tenant *tenant)
{
	child_start(child, tenant_main, (void *)tenant);
	child_let(child, 0);
	/* Its name and uid are what they are from the moment it is bound. */
	require(child_reached(child, 1) &&
			!instance_bind(instance, child, NULL),
		"\"%s\" is bound", tenant->name);
	child_let(child, 1);
	require(child_reached(child, 2), "\"%s\" has its first pages",
		tenant->name);
}

static size_t present(const struct child *child, const char *what)
{
	return groups_present(child, child->shared->word[WORD_BASE], ALL_PAGES,
			      what);
}

/* Returns how many of its pages the still one keeps. */
static size_t run(int dev, const char *processes, const char *what)
{
	const struct instance_options options = {
		.name = "priority",
		.memory = PARTITION,
		.swap = SWAP,
		.on_loss = "fail",
		.deadline_ms = LONG_DEADLINE_MS,
		.more = processes,
		.output = OUTPUT,
	};
	struct instance instance;
	struct child high, low;
	char text[ANSWER_SIZE];
	size_t kept, kept_low;

	instance_start(&instance, dev, &options);
	start(&high, &instance, &high_tenant);
	start(&low, &instance, &low_tenant);
	check_eq(present(&high, what), FIRST_PAGES,
		 "%s: there is room for both at first", what);
	child_let(&low, 2);
	require(child_reached(&low, 3), "%s: the greedy one has more", what);
	kept = present(&high, what);
	kept_low = present(&low, what);
	test_note(
		"%s: the still one has %zu of %u pages, the greedy one %zu of %u",
		what, kept, FIRST_PAGES, kept_low, ALL_PAGES);
	if (processes) {
		unsigned int pages[2] = { 0 };

		check(instance_ask(&instance, OUTPUT, text, sizeof(text),
				   ASK_MS),
		      "%s: the daemon answers", what);
		check(sscanf(strstr(text, "processes[0]") ?: "",
			     "processes[0] lru priority=100 pages=%u",
			     &pages[0]) == 1 &&
			      sscanf(strstr(text, "processes[1]") ?: "",
				     "processes[1] clock priority=0 pages=%u",
				     &pages[1]) == 1,
		      "%s: it says whose pages it has", what);
		/* Its table may know a page or two more than the daemon. */
		check(pages[0] >= kept && pages[1] >= kept_low / 2,
		      "%s: %u and %u", what, pages[0], pages[1]);
	}
	child_let(&low, 3);
	check_eq(child_end(&low, CHILD_LIMIT_MS), 0,
		 "%s: every word of the greedy one is right", what);
	child_let(&high, 2);
	child_let(&high, 3);
	check_eq(child_end(&high, CHILD_LIMIT_MS), 0,
		 "%s: every word of the still one is right", what);
	groups_end(&instance, what);
	return kept;
}

void test_priority(int dev)
{
	size_t kept = run(dev, NULL, "by use");

	check_compare(kept, <, FIRST_PAGES - FIRST_PAGES / 4,
		      "by use alone the still one loses pages");
	kept = run(dev,
		   ",\"processes\":["
		   "{\"name\":\"st?ll\",\"evict\":\"lru\",\"priority\":100},"
		   "{\"uid\":1234,\"priority\":0}]",
		   "by priority");
	check_compare(kept, >=, FIRST_PAGES - LOST_MAX,
		      "by priority it keeps them");
}
