/* SPDX-License-Identifier: MIT */
/*
 * Frames go round between a kernel that frees them, two threads that collect
 * (the control thread, and the worker out of turn) and the worker that takes
 * them: each frame is in one place at a time and none is lost.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>

#include "instance/arena/returned.h"
#include "race.h"

#define FRAMES 300
#define FIRST 77
#define BASE_PFN 1000

static struct usm_returned *returned;
/* The kernel's list of frames that came home. */
static pthread_mutex_t home_lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t home[FRAMES];
static uint32_t nr_home;
static bool stop;
/* Owned by the worker: times each frame arrived. */
static uint64_t arrivals[FRAMES];
static bool is_home[FRAMES]; /* under home_lock */

static int read_freed(void *ctx, uint64_t *pfns, uint32_t *nr)
{
	uint32_t got = 0;

	(void)ctx;
	pthread_mutex_lock(&home_lock);
	while (nr_home && got < *nr) {
		uint32_t frame = home[--nr_home];

		is_home[frame - FIRST] = false;
		pfns[got++] = BASE_PFN + frame;
	}
	pthread_mutex_unlock(&home_lock);
	*nr = got;
	return got ? 0 : -EAGAIN;
}

static void come_home(uint32_t frame)
{
	pthread_mutex_lock(&home_lock);
	race_check(!is_home[frame - FIRST], "frame %u is in two places", frame);
	is_home[frame - FIRST] = true;
	home[nr_home++] = frame;
	pthread_mutex_unlock(&home_lock);
}

static void *control(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		race_check(!usm_returned_collect(returned, NULL), "collect");
		sched_yield();
	}
	return arg;
}

static void take(void *ctx, uint32_t frame)
{
	uint64_t *taken = ctx;

	arrivals[frame - FIRST]++;
	++*taken;
	/* Used and freed again at once. */
	come_home(frame);
}

int main(void)
{
	static const struct usm_extent extent = { FIRST, FRAMES };
	static const struct usm_kernel kernel = { .read_freed = read_freed };
	uint64_t rounds = race_rounds(200000), taken = 0, least;
	pthread_t thread;
	uint32_t i;

	race_watchdog();
	race_check(
		!usm_returned_create(&extent, 1, BASE_PFN, &kernel, &returned),
		"out of memory");
	for (i = 0; i < FRAMES; i++)
		come_home(FIRST + i);
	race_check(!pthread_create(&thread, NULL, control, NULL), "thread");
	while (taken < rounds) {
		if (taken % 3 == 0)
			usm_returned_collect(returned, NULL);
		if (!usm_returned_drain(returned, 0, take, &taken))
			sched_yield();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	/* Whatever is still under way arrives with one more round. */
	usm_returned_collect(returned, NULL);
	usm_returned_drain(returned, 0, take, &taken);
	race_check(nr_home == FRAMES, "%u frames lost", FRAMES - nr_home);
	race_check(!usm_returned_foreign(returned), "foreign frames");
	for (least = arrivals[0], i = 1; i < FRAMES; i++)
		least = arrivals[i] < least ? arrivals[i] : least;
	race_check(least > 0, "a frame never went round");
	usm_returned_destroy(returned);
	printf("%lu returns\n", taken);
	return 0;
}
