/* SPDX-License-Identifier: MIT */
/*
 * A tenant has written twice its partition and reads what is out: page by page,
 * with a stride, backwards, at random.  How often it has to wait for the disk,
 * by its own clock, and how much is read, by the disk's, without prefetch and
 * with each policy; and a second process of the same name, which another one
 * went the same way before.
 */
#include <time.h>

#include "lib/check.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "prefetch/disk.h"
#include "prefetch/prefetch.h"

#define WALK_PARTITION "2M"
#define WALK_SWAP "4M"
#define FRAMES 512
#define PAGES (2 * FRAMES)
/* First written, first out; a prime, for walks that meet every page once. */
#define OUT 509
#define STRIDE 4
/* Its powers, modulo OUT, are all numbers from 1 to OUT - 1. */
#define SCATTER 317

/* Pages that a policy may be ahead at most, and a few for nothing. */
#define BEHIND (64 + OUT / 20)

/* Who had to wait for the disk at all had to wait for so long. */
#define WAIT_US (DISK_DELAY_MS * 1000 / 2)

/* Where the clock counts instructions, a wait is nothing else. */
#define FEW_PERCENT 15
/* Where it does not, what else the machine does looks like a wait. */
#define FEW_PERCENT_BUSY 50

/* words of the child's shared memory */
enum {
	WORD_WAITS,
	WORD_US,
	WORD_BAD
};

enum walk {
	SEQUENTIAL,
	STRIDES,
	BACKWARDS,
	RANDOM,
	WALKS
};

static const char *const walk_names[] = { "sequential", "stride", "backwards",
					  "random" };

struct result {
	uint64_t waits, us, reads;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static size_t next_page(enum walk walk, size_t page)
{
	switch (walk) {
	case SEQUENTIAL:
		return page + 1;
	case STRIDES:
		return (page + STRIDE) % OUT;
	case BACKWARDS:
		return (page + OUT - 1) % OUT;
	default:
		/* No two steps are the same. */
		return page ? page * SCATTER % OUT : 1;
	}
}

static void take_walk(const char *buffer, enum walk walk, uint64_t *word)
{
	uint64_t begin = now_us();
	size_t page = 0, i;

	word[WORD_WAITS] = 0;
	for (i = 0; i < OUT; i++, page = next_page(walk, page)) {
		uint64_t from = now_us();

		*(const volatile char *)(buffer + page * PAGE_BYTES);
		word[WORD_WAITS] += now_us() - from >= WAIT_US;
		word[WORD_BAD] += pattern_bad_page(buffer, page, walk);
	}
	word[WORD_US] = now_us() - begin;
}

static int tenant_main(struct child *self, void *arg)
{
	char *buffer = pattern_map(PAGES * PAGE_BYTES);
	enum walk walk;

	(void)arg;
	for (walk = 0; walk < WALKS; walk++) {
		pattern_fill(buffer, 0, PAGES, 1, walk);
		child_stop_at(self, 1 + 2 * walk);
		take_walk(buffer, walk, self->shared->word);
		child_stop_at(self, 2 + 2 * walk);
	}
	return self->shared->word[WORD_BAD] != 0;
}

static void run_walk(struct child *child, enum walk walk, const char *what,
		     struct result *out)
{
	const uint64_t *word = child->shared->word;
	uint64_t before;

	require(child_reached(child, 1 + 2 * walk),
		"%s: the tenant has written twice its partition", what);
	require(!disk_forget(), "%s: what is out is on the disk alone", what);
	before = disk_reads();
	child_let(child, 1 + 2 * walk);
	require(child_reached(child, 2 + 2 * walk), "%s: it has walked", what);
	*out = (struct result){
		.waits = word[WORD_WAITS],
		.us = word[WORD_US],
		.reads = disk_reads() - before,
	};
	child_let(child, 2 + 2 * walk);
	test_note("%s %s: waited %llu times, %llu ms, %llu pages read", what,
		  walk_names[walk], (unsigned long long)out->waits,
		  (unsigned long long)out->us / 1000,
		  (unsigned long long)out->reads);
}

/* One process takes all walks, from its first touch to its end. */
static void run_tenant(struct instance *instance, const char *what,
		       struct result *out)
{
	struct child child;
	enum walk walk;

	child_start(&child, tenant_main, NULL);
	require(child_reached(&child, 0) &&
			!instance_bind(instance, &child, NULL),
		"%s: a tenant is bound", what);
	child_let(&child, 0);
	for (walk = 0; walk < WALKS; walk++)
		run_walk(&child, walk, what, &out[walk]);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0,
		 "%s: every word was right", what);
}

static void start_instance(int dev, const char *policy,
			   struct instance *instance)
{
	const struct instance_options options = {
		.name = "walks",
		.memory = WALK_PARTITION,
		.swap = WALK_SWAP,
		.evict = "fifo",
		.prefetch = policy,
		.on_loss = "fail",
		.deadline_ms = LONG_DEADLINE_MS,
	};

	instance_start(instance, dev, &options);
}

static void run_policy(int dev, const char *policy, struct result *out)
{
	const char *what = policy ? policy : "none";
	struct instance instance;

	start_instance(dev, policy, &instance);
	run_tenant(&instance, what, out);
	prefetch_end(&instance, what);
}

/* Two processes under one daemon, and one under the next. */
static void run_again(int dev, struct result *first, struct result *second,
		      struct result *third)
{
	struct instance instance;

	start_instance(dev, "record-replay", &instance);
	run_tenant(&instance, "record-replay, first", first);
	run_tenant(&instance, "record-replay, second", second);
	prefetch_end(&instance, "record-replay");
	start_instance(dev, "record-replay", &instance);
	run_tenant(&instance, "record-replay, another daemon", third);
	prefetch_end(&instance, "record-replay, another daemon");
}

/* Waits less often, and reads hardly anything for nothing. */
static void check_foreseen(const struct result *with,
			   const struct result *without, enum walk walk,
			   unsigned int few_percent, const char *policy)
{
	check_compare(with[walk].waits * 100, <=,
		      without[walk].waits * few_percent,
		      "%s foresees a %s walk", policy, walk_names[walk]);
	check_compare(with[walk].reads * 100, <=, without[walk].reads * 110,
		      "%s: and reads little for nothing", policy);
}

static void check_random(const struct result *with,
			 const struct result *without, const char *policy)
{
	check_compare(with[RANDOM].reads * 100, <=, without[RANDOM].reads * 105,
		      "%s: a random walk costs no more than 5 %% more reads",
		      policy);
}

/* At the end of a walk it reads what comes after. */
static void check_known(const struct result *with, const struct result *without,
			enum walk walk, unsigned int few_percent,
			const char *what)
{
	check_compare(with[walk].waits * 100, <=,
		      without[walk].waits * few_percent,
		      "%s: a %s walk is known", what, walk_names[walk]);
	check_compare(with[walk].reads, <=, without[walk].reads + BEHIND,
		      "%s: and little is read for nothing", what);
}

/* What was gone once is known, in whatever order it was. */
static void check_again(const struct result *first, const struct result *second,
			const struct result *third,
			const struct result *without, unsigned int few)
{
	enum walk walk;

	for (walk = 0; walk < WALKS; walk++) {
		check_known(second, without, walk, few,
			    "record-replay, second");
		check_known(third, without, walk, few,
			    "record-replay, another daemon");
	}
	check_compare(first[RANDOM].waits, >=, OUT * 95 / 100,
		      "record-replay, first: nothing is known yet");
	check_compare(first[RANDOM].reads, <=, OUT * 101 / 100,
		      "record-replay, first: and nothing else is read");
}

void test_walks(int dev, bool exact)
{
	struct result none[WALKS], readahead[WALKS], stride[WALKS];
	struct result first[WALKS], second[WALKS], third[WALKS];
	unsigned int few = exact ? FEW_PERCENT : FEW_PERCENT_BUSY;
	enum walk walk;

	run_policy(dev, NULL, none);
	run_policy(dev, "readahead", readahead);
	run_policy(dev, "stride", stride);
	run_again(dev, first, second, third);
	for (walk = 0; walk < WALKS; walk++) {
		check_compare(none[walk].waits, >=, OUT * 95 / 100,
			      "none: a %s walk waits for nearly every page",
			      walk_names[walk]);
		check_compare(none[walk].reads, <=, OUT * 101 / 100,
			      "none: and nothing else is read");
	}
	check_foreseen(readahead, none, SEQUENTIAL, few, "readahead");
	check_foreseen(stride, none, SEQUENTIAL, few, "stride");
	check_foreseen(stride, none, STRIDES, few, "stride");
	check_foreseen(stride, none, BACKWARDS, few, "stride");
	check_random(readahead, none, "readahead");
	check_random(stride, none, "stride");
	check_again(first, second, third, none, few);
}
