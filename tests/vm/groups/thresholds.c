/* SPDX-License-Identifier: MIT */
/*
 * Policies that change while a tenant goes on, with how much is in use, and
 * change back.
 */
#include <string.h>
#include <sys/mman.h>

#include "groups/groups.h"
#include "lib/check.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#define PARTITION "8M"
#define FRAMES 2048U
#define SWAP "32M"

/* In percent of the partition. */
#define HALF (FRAMES * 50 / 100)
#define MUCH (FRAMES * 80 / 100)
#define TOO_MUCH (FRAMES * 150 / 100)

#define SEED 17

struct step {
	size_t pages; /* the tenant has from here on; the rest it gives back */
	const char *alloc, *evict; /* that serve then */
	const char *what;
};

static const struct step steps[] = {
	{ HALF, "policy.alloc first-fit", "policy.evict clock", "half" },
	{ MUCH, "policy.alloc first-fit", "policy.evict lru", "much" },
	{ TOO_MUCH, "policy.alloc extent", "policy.evict lru", "too much" },
	{ HALF, "policy.alloc first-fit", "policy.evict clock", "back" },
	{ TOO_MUCH, "policy.alloc extent", "policy.evict lru", "once more" },
	{ 0, "policy.alloc first-fit", "policy.evict clock", "nothing" },
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static int tenant_main(struct child *self, void *arg)
{
	char *buffer = pattern_map(TOO_MUCH * PAGE_BYTES);
	size_t has = 0, bad = 0, i;

	(void)arg;
	for (i = 0; i < STEPS; i++) {
		size_t pages = steps[i].pages;

		bad += pattern_bad(buffer, 0, has < pages ? has : pages, 1,
				   SEED);
		if (pages > has)
			pattern_fill(buffer, has, pages, 1, SEED);
		else
			madvise(buffer + pages * PAGE_BYTES,
				(has - pages) * PAGE_BYTES, MADV_DONTNEED);
		has = pages;
		child_stop_at(self, (uint32_t)i + 1);
	}
	return bad != 0;
}

/* Do these serve?  What it was told to do takes a moment. */
static bool serves(const struct instance *instance, const struct step *step)
{
	char text[ANSWER_SIZE];

	return instance_ask(instance, OUTPUT, text, sizeof(text), ASK_MS) &&
	       strstr(text, step->alloc) && strstr(text, step->evict);
}

static void run(int dev, unsigned int workers)
{
	const struct instance_options options = {
		.name = "thresholds",
		.memory = PARTITION,
		.swap = SWAP,
		.workers = workers,
		.on_loss = "fail",
		.deadline_ms = LONG_DEADLINE_MS,
		.more = ",\"thresholds\":["
			"{\"used_percent\":70,\"evict\":\"lru\"},"
			"{\"used_percent\":90,\"alloc\":\"extent\"}]",
		.output = OUTPUT,
	};
	struct instance instance;
	struct child child;
	char text[ANSWER_SIZE];
	size_t i;

	instance_start(&instance, dev, &options);
	child_start(&child, tenant_main, NULL);
	require(child_reached(&child, 0) &&
			!instance_bind(&instance, &child, NULL),
		"thresholds: a tenant is bound");
	for (i = 0; i < STEPS; i++) {
		child_let(&child, (uint32_t)i);
		require(child_reached(&child, (uint32_t)i + 1),
			"thresholds: %s is in use", steps[i].what);
		check(wait_until(HOME_MS, serves(&instance, &steps[i])),
		      "thresholds: %s, %s", steps[i].alloc, steps[i].evict);
	}
	check(instance_ask(&instance, OUTPUT, text, sizeof(text), ASK_MS) &&
		      strstr(text, "thresholds reached=0 of=2") &&
		      strstr(text, "refused=0"),
	      "thresholds: none is reached, and nothing was refused");
	child_let(&child, STEPS);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0,
		 "thresholds: every word was right");
	groups_end(&instance, "thresholds");
}

void test_thresholds(int dev)
{
	run(dev, 1);
	run(dev, 2);
}
