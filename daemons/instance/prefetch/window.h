/* SPDX-License-Identifier: MIT */
/*
 * window.h - how many pages may be read ahead and not needed yet.
 *
 * One more for each that was needed, fewer for each that was not, and the fewer
 * the larger the window: it settles where it grows as often as it shrinks, at
 * eight times the odds that a page is needed.  A policy that is right half of
 * the time has a handful of pages, one that is always wrong has one.  Additive
 * increase, multiplicative decrease, as in TCP (Jacobson, "Congestion avoidance
 * and control", 1988).  Pure decisions.
 */
#ifndef USM_INSTANCE_PREFETCH_WINDOW_H
#define USM_INSTANCE_PREFETCH_WINDOW_H

#include <stdint.h>

/* To begin with: a small stream or two. */
#define USM_PREFETCH_WINDOW_FIRST 16U

/* Of one that shrinks. */
#define USM_PREFETCH_WINDOW_SHARE 8U

static inline uint32_t usm_prefetch_window_used(uint32_t window, uint32_t max)
{
	return window < max ? window + 1 : max;
}

/* Never below 1: who never tries never learns. */
static inline uint32_t usm_prefetch_window_unused(uint32_t window)
{
	uint32_t less = window / USM_PREFETCH_WINDOW_SHARE + 1;

	return window > less ? window - less : 1;
}

#endif /* USM_INSTANCE_PREFETCH_WINDOW_H */
