/* SPDX-License-Identifier: MIT */
/*
 * Eight threads of a tenant fault on evicted pages at once, served by one
 * worker: that takes hardly longer than one page does.  Times are the
 * tenant's own, from before the first thread touches its page until the last
 * one has read it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "lib/check.h"
#include "lib/pattern.h"
#include "prefetch/disk.h"
#include "prefetch/prefetch.h"

#define THREADS 8
/* The median of them counts: what the machine does meanwhile is not ours. */
#define ROUNDS 9
/* One page alone, eight at once, eight in a row. */
#define PAGES_PER_ROUND (1 + THREADS + THREADS)
/* Pages lie apart, so that nothing but the fault brings them. */
#define APART 4
/* Eight at once take at most so many percent of what one takes. */
#define MOST_PERCENT 125

_Static_assert(ROUNDS *PAGES_PER_ROUND *APART < TENANT_PAGES / 2,
	       "they are all out: the first half of what was written");

/* words of the child's shared memory */
enum {
	WORD_ONE_US,
	WORD_EIGHT_US,
	WORD_ROW_US
};

struct toucher {
	pthread_t id;
	struct crew *crew;
	size_t page;
	uint64_t from_ns, to_ns;
	size_t bad;
};

struct crew {
	char *buffer;
	pthread_barrier_t begin, end;
	struct toucher toucher[THREADS];
	size_t next; /* page that nobody has touched since it was written */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static size_t next_page(struct crew *crew)
{
	size_t page = crew->next;

	crew->next += APART;
	return page;
}

static void *touch_in_turns(void *arg)
{
	struct toucher *toucher = arg;
	struct crew *crew = toucher->crew;
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&crew->begin);
		toucher->from_ns = now_ns();
		/* The first word is enough to have it brought. */
		*(volatile char *)(crew->buffer + toucher->page * PAGE_BYTES);
		toucher->to_ns = now_ns();
		toucher->bad +=
			pattern_bad_page(crew->buffer, toucher->page, 1);
		pthread_barrier_wait(&crew->end);
	}
	return NULL;
}

static uint64_t touch_one(struct crew *crew, size_t *bad)
{
	size_t page = next_page(crew);
	uint64_t from = now_ns(), took;

	*(volatile char *)(crew->buffer + page * PAGE_BYTES);
	took = now_ns() - from;
	*bad += pattern_bad_page(crew->buffer, page, 1);
	return took / 1000;
}

static uint64_t touch_eight(struct crew *crew)
{
	uint64_t from = UINT64_MAX, to = 0;
	int i;

	for (i = 0; i < THREADS; i++)
		crew->toucher[i].page = next_page(crew);
	pthread_barrier_wait(&crew->begin);
	pthread_barrier_wait(&crew->end);
	for (i = 0; i < THREADS; i++) {
		const struct toucher *toucher = &crew->toucher[i];

		if (toucher->from_ns < from)
			from = toucher->from_ns;
		if (toucher->to_ns > to)
			to = toucher->to_ns;
	}
	return (to - from) / 1000;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static uint64_t median(uint64_t *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static size_t measure(struct crew *crew, uint64_t *word)
{
	uint64_t one[ROUNDS], eight[ROUNDS], row[ROUNDS] = { 0 };
	size_t bad = 0;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		one[round] = touch_one(crew, &bad);
		eight[round] = touch_eight(crew);
		for (i = 0; i < THREADS; i++)
			row[round] += touch_one(crew, &bad);
	}
	word[WORD_ONE_US] = median(one);
	word[WORD_EIGHT_US] = median(eight);
	word[WORD_ROW_US] = median(row);
	return bad;
}

static int tenant_main(struct child *self, void *arg)
{
	struct crew crew = { .buffer = pattern_map(TENANT_PAGES * PAGE_BYTES) };
	size_t bad;
	int i;

	(void)arg;
	pattern_fill(crew.buffer, 0, TENANT_PAGES, 1, 1);
	child_stop_at(self, 1);
	pthread_barrier_init(&crew.begin, NULL, THREADS + 1);
	pthread_barrier_init(&crew.end, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++) {
		crew.toucher[i].crew = &crew;
		if (pthread_create(&crew.toucher[i].id, NULL, touch_in_turns,
				   &crew.toucher[i]))
			return 2;
	}
	bad = measure(&crew, self->shared->word);
	for (i = 0; i < THREADS; i++) {
		pthread_join(crew.toucher[i].id, NULL);
		bad += crew.toucher[i].bad;
	}
	child_stop_at(self, 2);
	return bad != 0;
}

void test_overlap(int dev, bool exact)
{
	const struct instance_options options = {
		.name = "overlap",
		.memory = PARTITION,
		.swap = SWAP,
		.evict = "fifo",
		.workers = 1,
		.on_loss = "fail",
		.deadline_ms = LONG_DEADLINE_MS,
	};
	struct instance instance;
	uint64_t word[3], reads;
	struct child child;
	int i;

	instance_start(&instance, dev, &options);
	child_start(&child, tenant_main, NULL);
	require(child_reached(&child, 0) &&
			!instance_bind(&instance, &child, NULL),
		"overlap: a tenant is bound");
	child_let(&child, 0);
	require(child_reached(&child, 1),
		"overlap: it writes twice its partition");
	require(!disk_forget(), "overlap: its pages are on the disk alone");
	reads = disk_reads();
	child_let(&child, 1);
	check(child_reached(&child, 2), "overlap: it has measured");
	for (i = 0; i < 3; i++)
		word[i] = child.shared->word[i];
	check_compare(disk_reads() - reads, >=, ROUNDS * PAGES_PER_ROUND,
		      "overlap: each page was read from the disk");
	child_let(&child, 2);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0,
		 "overlap: every word was right");
	test_note(
		"overlap: one page %llu us, eight threads at once %llu us, eight pages in a row %llu us",
		(unsigned long long)word[WORD_ONE_US],
		(unsigned long long)word[WORD_EIGHT_US],
		(unsigned long long)word[WORD_ROW_US]);
	check_compare(word[WORD_ONE_US], >=, DISK_DELAY_MS * 1000,
		      "overlap: one page takes what the disk takes");
	check_compare(word[WORD_ROW_US], >=, THREADS * DISK_DELAY_MS * 1000,
		      "overlap: so do eight, one after the other");
	/* What else the machine does is measured, too. */
	if (exact)
		check_compare(
			word[WORD_EIGHT_US] * 100, <=,
			word[WORD_ONE_US] * MOST_PERCENT,
			"overlap: eight threads take hardly longer than one");
	prefetch_end(&instance, "overlap");
}
