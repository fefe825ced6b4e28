/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The watchdog: a daemon that is attached but lets one deadline after the
 * other pass is stuck (stopped, looping, deadlocked).  Its instance is
 * quarantined: faults are served by the kernel at once instead of each waiting
 * for its deadline, but for one now and then that tries whether the daemon is
 * back.  A circuit breaker, in other words, with its half-open state.
 */
#ifndef USM_WATCHDOG_H
#define USM_WATCHDOG_H

#include <linux/types.h>
#include <linux/workqueue.h>

struct usm_instance;

struct usm_watchdog {
	/* All under instance->lock; .stuck is read without it as a hint. */
	u32 misses; /* deadlines missed in a row */
	unsigned long last_miss; /* jiffies */
	bool stuck;
	unsigned long next_probe; /* jiffies */
	unsigned long stuck_since; /* jiffies */
	struct work_struct report;
};

void usm_watchdog_init(struct usm_instance *instance);
/* A daemon came or went: nothing is known of the next one yet. */
void usm_watchdog_reset(struct usm_instance *instance);

/*
 * usm_watchdog_missed() - a deadline passed without an answer.
 * @asked: jiffies when the daemon was asked.  Of requests that waited side by
 * side only one counts.
 */
void usm_watchdog_missed(struct usm_instance *instance, unsigned long asked);
/* The daemon has registered no worker for too long. */
void usm_watchdog_never_started(struct usm_instance *instance);
/* Its first worker has registered. */
void usm_watchdog_started(struct usm_instance *instance);
/* The daemon answered a request in time, and correctly. */
void usm_watchdog_answered(struct usm_instance *instance);
/* May this fault try a stuck daemon?  True once in a while. */
bool usm_watchdog_probe(struct usm_instance *instance);

#endif /* USM_WATCHDOG_H */
