/* SPDX-License-Identifier: MIT */
/* clock.h - what a measurement counts. */
#ifndef USM_BENCH_CLOCK_H
#define USM_BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>
#include <x86intrin.h>

#include "bench/catalogue.h"

/*
 * Nanoseconds; or instructions, where the emulator's time stamp counter
 * advances by one with every instruction that the guest executes.
 */
static inline uint64_t clock_now(enum bench_measure measure)
{
	struct timespec t;

	if (measure == MEASURE_INSTRUCTIONS)
		return __rdtsc();
	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

#endif /* USM_BENCH_CLOCK_H */
