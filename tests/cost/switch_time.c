/* SPDX-License-Identifier: MIT */
/*
 * Switching to a user-level context and back, beside waking another thread on
 * the same core by a futex and being woken by it: rounds of the two in turn,
 * the median of each round's ratio.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "instance/worker/backoff.h"
#include "instance/workee/context.h"

#define ROUNDS 15
#define SWITCHES 200000
#define WAKES 2000
#define TIMES_CHEAPER_MIN 20.0

static struct usm_context outer, inner;
static uint32_t ball; /* whose turn it is: 0 the main thread's, 2: the end */

static void back_and_forth(void *arg)
{
	(void)arg;
	for (;;)
		usm_context_switch(&inner, &outer);
}

static void pass_to(uint32_t who)
{
	__atomic_store_n(&ball, who, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &ball, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void wait_while(uint32_t who)
{
	while (__atomic_load_n(&ball, __ATOMIC_SEQ_CST) == who)
		syscall(SYS_futex, &ball, FUTEX_WAIT_PRIVATE, who, NULL, NULL,
			0);
}

static void *other(void *arg)
{
	for (;;) {
		wait_while(0);
		if (__atomic_load_n(&ball, __ATOMIC_SEQ_CST) == 2)
			return arg;
		pass_to(0);
	}
}

static double switches_ns(void)
{
	uint64_t from = usm_now_ns();
	int i;

	for (i = 0; i < SWITCHES; i++)
		usm_context_switch(&outer, &inner);
	return (double)(usm_now_ns() - from) / SWITCHES;
}

static double wakes_ns(void)
{
	uint64_t from = usm_now_ns();
	int i;

	for (i = 0; i < WAKES; i++) {
		pass_to(1);
		wait_while(1);
	}
	return (double)(usm_now_ns() - from) / WAKES;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Both threads inherit it. */
static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((unsigned int)sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	double ratio[ROUNDS], there_and_back = 0, futex = 0;
	pthread_t thread;
	int i;

	stay_on_this_cpu();
	usm_context_adopt(&outer);
	usm_context_make(&inner, stack, sizeof(stack), back_and_forth, NULL);
	if (pthread_create(&thread, NULL, other, NULL))
		return 1;
	for (i = 0; i < ROUNDS; i++) {
		there_and_back = switches_ns();
		futex = wakes_ns();
		ratio[i] = futex / there_and_back;
	}
	pass_to(2);
	pthread_join(thread, NULL);
	usm_context_fini(&inner);
	qsort(ratio, ROUNDS, sizeof(ratio[0]), compare);
	printf("a futex round trip (%.0f ns) takes as long as %.0f switches there and back (%.1f ns each)\n",
	       futex, ratio[ROUNDS / 2], there_and_back);
	return ratio[ROUNDS / 2] < TIMES_CHEAPER_MIN;
}
