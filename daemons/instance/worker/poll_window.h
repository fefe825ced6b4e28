/* SPDX-License-Identifier: MIT */
/*
 * poll_window.h - whether, and how long, to look for more work before sleeping.
 *
 * Polling saves the ringer a system call and the fault two wake-ups, but only
 * while faults come close together.  So the worker keeps an estimate of the
 * gap between its running out of work and the next fault, and polls while that
 * is shorter than what sleeping would cost.  Because a gap that was slept
 * through looks longer than it would have been, it polls now and then all the
 * same, to find out.  Pure decisions; the clock is the caller's.
 */
#ifndef USM_INSTANCE_WORKER_POLL_WINDOW_H
#define USM_INSTANCE_WORKER_POLL_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* One try in this many although the estimate speaks against it. */
#define USM_POLL_PROBE 8

struct usm_poll_window {
	uint32_t max_ns; /* longest poll; 0: never poll */
	uint32_t gap_ns; /* estimate, at most twice max_ns */
	uint32_t skipped; /* times not polled since the last poll */
	bool hit; /* the last poll found work */
};

/*
 * wake_cost_ns: what a sleep and a wake-up cost.  With one CPU nobody can make
 * work while the worker polls.
 */
static inline void usm_poll_window_init(struct usm_poll_window *window,
					unsigned int nr_cpus,
					uint32_t wake_cost_ns)
{
	*window = (struct usm_poll_window){
		.max_ns = nr_cpus > 1 ? wake_cost_ns : 0,
		.hit = true,
	};
}

/* Out of work: how long to poll before sleeping, in ns; 0: not at all. */
static inline uint32_t usm_poll_window_open(struct usm_poll_window *window)
{
	if (!window->hit && window->gap_ns > window->max_ns &&
	    ++window->skipped < USM_POLL_PROBE)
		return 0;
	window->skipped = 0;
	return window->max_ns;
}

/* Work again after gap_ns; hit: found by polling, not after a sleep. */
static inline void usm_poll_window_close(struct usm_poll_window *window,
					 uint64_t gap_ns, bool hit)
{
	uint32_t most = 2 * window->max_ns;
	uint32_t gap = gap_ns < most ? (uint32_t)gap_ns : most;

	/* Quick to believe in polling, slower to give it up. */
	window->gap_ns = hit ? window->gap_ns / 2 + gap / 2
			     : window->gap_ns / 4 * 3 + gap / 4;
	window->hit = hit;
}

#endif /* USM_INSTANCE_WORKER_POLL_WINDOW_H */
