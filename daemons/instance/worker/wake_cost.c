/* SPDX-License-Identifier: MIT */
#include "instance/worker/wake_cost.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "instance/worker/backoff.h"

/* Odd, for a median; enough to outvote a few interruptions. */
#define ROUNDS 33

struct court {
	uint32_t ball; /* even: ours, odd: the other's */
};

static void wait_for(struct court *court, uint32_t turn)
{
	for (;;) {
		uint32_t seen = __atomic_load_n(&court->ball, __ATOMIC_ACQUIRE);

		if (seen == turn)
			return;
		syscall(SYS_futex, &court->ball, FUTEX_WAIT_PRIVATE, seen, NULL,
			NULL, 0);
	}
}

static void pass(struct court *court, uint32_t turn)
{
	__atomic_store_n(&court->ball, turn, __ATOMIC_RELEASE);
	syscall(SYS_futex, &court->ball, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *other_side(void *arg)
{
	struct court *court = arg;
	uint32_t round;

	for (round = 0; round < ROUNDS; round++) {
		wait_for(court, 2 * round + 1);
		pass(court, 2 * round + 2);
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint32_t usm_wake_cost_ns(void)
{
	struct court court = { 0 };
	uint64_t took[ROUNDS], median;
	pthread_t thread;
	uint32_t round;

	if (pthread_create(&thread, NULL, other_side, &court))
		return USM_WAKE_COST_MIN_NS;
	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = usm_now_ns();

		pass(&court, 2 * round + 1);
		wait_for(&court, 2 * round + 2);
		took[round] = usm_now_ns() - start;
	}
	pthread_join(thread, NULL);
	qsort(took, ROUNDS, sizeof(took[0]), compare);
	median = took[ROUNDS / 2];
	if (median < USM_WAKE_COST_MIN_NS)
		return USM_WAKE_COST_MIN_NS;
	if (median > USM_WAKE_COST_MAX_NS)
		return USM_WAKE_COST_MAX_NS;
	return (uint32_t)median;
}
