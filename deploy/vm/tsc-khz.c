/* SPDX-License-Identifier: MIT */
/* Prints how many kHz this processor's time stamp counter runs at. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define MEASURE_NS 100000000
#define TRIES 64

struct moment {
	uint64_t ns;
	uint64_t ticks;
};

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The pair read in the shortest time: nothing came in between. */
static struct moment now(void)
{
	struct moment best = { 0 };
	uint64_t shortest = UINT64_MAX;
	int i;

	for (i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc();
		uint64_t ns = clock_ns();
		uint64_t after = __rdtsc();

		if (after - before < shortest) {
			shortest = after - before;
			best.ns = ns;
			best.ticks = before + shortest / 2;
		}
	}
	return best;
}

int main(void)
{
	const struct timespec pause = { .tv_nsec = MEASURE_NS };
	struct moment start = now(), end;

	nanosleep(&pause, NULL);
	end = now();
	printf("%llu\n", (unsigned long long)((end.ticks - start.ticks) *
					      1000000 / (end.ns - start.ns)));
	return 0;
}
