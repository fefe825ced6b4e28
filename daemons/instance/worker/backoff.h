/* SPDX-License-Identifier: MIT */
/*
 * backoff.h - how often to try something costly that mostly fails.
 */
#ifndef USM_INSTANCE_WORKER_BACKOFF_H
#define USM_INSTANCE_WORKER_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct usm_backoff {
	uint64_t min_ns,
		max_ns; /* pause after the first failure, and at most */
	uint64_t pause_ns; /* current pause, 0: none */
	uint64_t next_ns; /* not before this time */
};

/* CLOCK_MONOTONIC in ns, without a system call. */
static inline uint64_t usm_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static inline void usm_backoff_init(struct usm_backoff *backoff,
				    uint64_t min_ns, uint64_t max_ns)
{
	*backoff = (struct usm_backoff){ .min_ns = min_ns, .max_ns = max_ns };
}

static inline bool usm_backoff_due(const struct usm_backoff *backoff,
				   uint64_t now_ns)
{
	return now_ns >= backoff->next_ns;
}

/* Success ends the pause; every failure doubles it up to the maximum. */
static inline void usm_backoff_result(struct usm_backoff *backoff,
				      uint64_t now_ns, bool success)
{
	if (success)
		backoff->pause_ns = 0;
	else if (!backoff->pause_ns)
		backoff->pause_ns = backoff->min_ns;
	else if (backoff->pause_ns < backoff->max_ns / 2)
		backoff->pause_ns *= 2;
	else
		backoff->pause_ns = backoff->max_ns;
	backoff->next_ns = now_ns + backoff->pause_ns;
}

#endif /* USM_INSTANCE_WORKER_BACKOFF_H */
