/* SPDX-License-Identifier: MIT */
/* wait.h - the clock, and waiting for something with a limit. */
#ifndef USM_VM_WAIT_H
#define USM_VM_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "lib/check.h"

#define POLL_EVERY_MS 5

static inline uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static inline void pause_ms(unsigned int ms)
{
	const struct timespec t = { .tv_sec = ms / 1000,
				    .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* Evaluates the condition until it holds or limit_ms have passed. */
#define wait_until(limit_ms, condition)                           \
	({                                                        \
		uint64_t end_ = now_ms() + test_limit(limit_ms);  \
		bool held_;                                       \
		while (!(held_ = (condition)) && now_ms() < end_) \
			pause_ms(POLL_EVERY_MS);                  \
		held_;                                            \
	})

#endif /* USM_VM_WAIT_H */
