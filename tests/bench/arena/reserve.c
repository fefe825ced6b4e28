/* SPDX-License-Identifier: MIT */
/*
 * Two ways to keep an instance's common frames, side by side: the shared arena
 * (a word per run, found by hints) and a ConcurrencyKit stack of runs, which
 * needs a double-width compare-and-swap against ABA, knows no owners and cannot
 * put together what comes back in pieces.  Prints ns per run taken and given back, median of
 * several interleaved rounds, for 1, 2 and 4 threads.
 *
 *     usm-bench-reserve [FRAMES]
 */
#include <ck_stack.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "instance/arena/shared.h"

#ifndef CK_F_STACK_POP_MPMC
int main(void)
{
	fputs("ConcurrencyKit has no double-width compare-and-swap for this "
	      "compiler\n",
	      stderr);
	return 77;
}
#else
#define FRAMES_DEFAULT 262144 /* 1 GiB */
#define PAIRS 200000
#define ROUNDS 9
#define THREADS_MAX 4
#define BATCH 4 /* runs a worker takes before it gives them back */

struct node {
	ck_stack_entry_t entry;
	struct usm_shared_run run;
};

CK_STACK_CONTAINER(struct node, entry, node_of)

static struct usm_shared_arena *shared;
static ck_stack_t stack CK_CC_ALIGN(16);
static pthread_barrier_t start;
static bool use_stack;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void go_round_arena(unsigned int worker)
{
	struct usm_shared_run run[BATCH];
	unsigned int i, got;

	for (got = 0; got < BATCH; got++)
		if (!usm_shared_arena_take(shared, worker, USM_WANT_RUNS, 64,
					   &run[got]))
			break;
	for (i = 0; i < got; i++)
		usm_shared_arena_give(shared, worker, &run[i]);
}

static void go_round_stack(void)
{
	ck_stack_entry_t *entry[BATCH];
	unsigned int i, got;

	for (got = 0; got < BATCH; got++) {
		entry[got] = ck_stack_pop_mpmc(&stack);
		if (!entry[got])
			break;
	}
	for (i = 0; i < got; i++)
		ck_stack_push_mpmc(&stack, entry[i]);
}

static void *work(void *arg)
{
	unsigned int worker = (unsigned int)(uintptr_t)arg;
	uint32_t i;

	pthread_barrier_wait(&start);
	for (i = 0; i < PAIRS / BATCH; i++) {
		if (use_stack)
			go_round_stack();
		else
			go_round_arena(worker);
	}
	return NULL;
}

/* ns per run, as each thread sees it. */
static uint64_t measure(unsigned int nr_threads)
{
	pthread_t threads[THREADS_MAX];
	uint64_t from;
	uintptr_t i;

	pthread_barrier_init(&start, NULL, nr_threads + 1);
	for (i = 0; i < nr_threads; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i))
			exit(1);
	pthread_barrier_wait(&start);
	from = now_ns();
	for (i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
	from = now_ns() - from;
	pthread_barrier_destroy(&start);
	return from / PAIRS;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	uint32_t frames =
		argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : FRAMES_DEFAULT;
	const struct usm_extent extent = { 0, frames };
	uint32_t nr_runs = frames / USM_SHARED_RUN_FRAMES, i;
	unsigned int threads;
	struct node *nodes;

	nodes = aligned_alloc(64, (nr_runs * sizeof(*nodes) + 63) & ~63UL);
	if (!nodes || usm_shared_arena_create(&extent, 1, &shared)) {
		fprintf(stderr, "no arena of %u frames\n", frames);
		return 1;
	}
	for (i = 0; i < frames; i++)
		usm_shared_arena_add(shared, i);
	ck_stack_init(&stack);
	for (i = nr_runs; i--;) {
		nodes[i].run = (struct usm_shared_run){ i * 64, ~0ULL };
		ck_stack_push_spnc(&stack, &nodes[i].entry);
	}
	printf("%-8s %12s %12s   ns per run of 64 frames\n", "threads", "arena",
	       "ck_stack");
	for (threads = 1; threads <= THREADS_MAX; threads *= 2) {
		uint64_t took[2][ROUNDS];
		unsigned int round;

		for (round = 0; round < ROUNDS * 2; round++) {
			use_stack = round % 2;
			took[use_stack][round / 2] = measure(threads);
		}
		for (i = 0; i < 2; i++)
			qsort(took[i], ROUNDS, sizeof(uint64_t), by_size);
		printf("%-8u %12lu %12lu\n", threads, took[0][ROUNDS / 2],
		       took[1][ROUNDS / 2]);
	}
	usm_shared_arena_destroy(shared);
	free(nodes);
	return 0;
}
#endif /* CK_F_STACK_POP_MPMC */
