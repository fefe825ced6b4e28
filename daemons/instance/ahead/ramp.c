/* SPDX-License-Identifier: MIT */
#include "instance/ahead/ramp.h"

/* A quarter left is time enough for the worker to wake up. */
#define LOW_SHARE 4U

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t usm_ramp_next(uint32_t depth, uint32_t max, uint64_t lasted_ns)
{
	uint32_t next = depth;

	if (lasted_ns < USM_RAMP_QUICK_NS)
		next = depth > max / 2 ? max : depth * 2;
	else if (lasted_ns > USM_RAMP_SLOW_NS)
		next = depth / 2;
	if (next < USM_RAMP_DEPTH_MIN)
		next = USM_RAMP_DEPTH_MIN;
	return least(next, max);
}

uint32_t usm_ramp_back(uint32_t depth)
{
	return depth / 2 > USM_RAMP_DEPTH_MIN ? depth / 2 : USM_RAMP_DEPTH_MIN;
}

uint32_t usm_ramp_low(uint32_t depth)
{
	return depth / LOW_SHARE;
}

uint32_t usm_ramp_room(uint32_t free, uint32_t out)
{
	uint64_t limit = ((uint64_t)free + out) / USM_RAMP_SHARE;

	return limit > out ? (uint32_t)(limit - out) : 0;
}

bool usm_ramp_excess(uint32_t free, uint32_t out)
{
	return out > free;
}
