/* SPDX-License-Identifier: MIT */
/*
 * wake_cost.h - what it costs here that a thread sleeps and is woken.
 */
#ifndef USM_INSTANCE_WORKER_WAKE_COST_H
#define USM_INSTANCE_WORKER_WAKE_COST_H

#include <stdint.h>

/*
 * Bounds of the answer.  A few microseconds on bare metal, a hundred and more
 * in virtual machines; beyond the upper bound the machine was merely busy.
 */
#define USM_WAKE_COST_MIN_NS 10000U
#define USM_WAKE_COST_MAX_NS 200000U

/*
 * Measures a futex round trip between two threads (tens of them; some
 * milliseconds) and returns the median, within the bounds, in ns.  When no
 * thread can be made: the lower bound.
 */
uint32_t usm_wake_cost_ns(void);

#endif /* USM_INSTANCE_WORKER_WAKE_COST_H */
