/* SPDX-License-Identifier: MIT */
/*
 * ramp.h - how much is given ahead: decisions without effects.
 *
 * A magazine that is used up quickly becomes deeper, one that lasts becomes
 * shallower, as the window of a file's readahead does; and all that is given
 * ahead together is bounded by a share of the frames that are free, so that it
 * costs nobody memory.
 */
#ifndef USM_INSTANCE_AHEAD_RAMP_H
#define USM_INSTANCE_AHEAD_RAMP_H

#include <stdbool.h>
#include <stdint.h>

/* What one push must hold to be worth a system call. */
#define USM_RAMP_DEPTH_MIN 16U

/* Refills closer than this cost more than deeper magazines do. */
#define USM_RAMP_QUICK_NS 5000000ULL

/* A member that needs that long for a magazine is served as well by less. */
#define USM_RAMP_SLOW_NS 500000000ULL

/* Of the frames that are free or given ahead, one in so many is at most. */
#define USM_RAMP_SHARE 4U

/* The depth after one that was used up in lasted_ns; max: at least 1. */
uint32_t usm_ramp_next(uint32_t depth, uint32_t max, uint64_t lasted_ns);

/* The depth of a magazine that was taken back because frames ran short. */
uint32_t usm_ramp_back(uint32_t depth);

/* Frames left when the daemon is to hear of it. */
uint32_t usm_ramp_low(uint32_t depth);

/* Frames that may be given now, with `free` in stock and `out` given ahead. */
uint32_t usm_ramp_room(uint32_t free, uint32_t out);

/* Is so much out that it is to be taken back? */
bool usm_ramp_excess(uint32_t free, uint32_t out);

#endif /* USM_INSTANCE_AHEAD_RAMP_H */
