/* SPDX-License-Identifier: MIT */
/*
 * poll_window.h - how long a worker looks for more work before it sleeps.
 *
 * Polling saves the ringer a system call and the fault a wake-up, but only
 * while faults come close together.  So the window is the maximum as long as
 * polling finds work, and halves with every time it does not.
 */
#ifndef USM_INSTANCE_WORKER_POLL_WINDOW_H
#define USM_INSTANCE_WORKER_POLL_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* About half of what a futex sleep and wake-up cost in a virtual machine. */
#define USM_POLL_MAX_NS 50000U
/* Below the cost of reading the clock a few times there is no window. */
#define USM_POLL_MIN_NS 1000U

struct usm_poll_window {
	uint32_t max_ns; /* 0: never poll */
	uint32_t ns; /* current */
};

/* With one CPU nobody can make work while the worker polls. */
static inline void usm_poll_window_init(struct usm_poll_window *window,
					unsigned int nr_cpus)
{
	window->max_ns = nr_cpus > 1 ? USM_POLL_MAX_NS : 0;
	window->ns = window->max_ns;
}

/* Polling ended; found: with work. */
static inline void usm_poll_window_result(struct usm_poll_window *window,
					  bool found)
{
	if (found)
		window->ns = window->max_ns;
	else
		window->ns =
			window->ns / 2 < USM_POLL_MIN_NS ? 0 : window->ns / 2;
}

/* The worker slept and was woken: give polling another chance. */
static inline void usm_poll_window_woken(struct usm_poll_window *window)
{
	if (window->ns < window->max_ns)
		window->ns = window->ns ? window->ns * 2 : USM_POLL_MIN_NS;
	if (window->ns > window->max_ns)
		window->ns = window->max_ns;
}

#endif /* USM_INSTANCE_WORKER_POLL_WINDOW_H */
