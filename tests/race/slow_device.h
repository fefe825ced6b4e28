/* SPDX-License-Identifier: MIT */
/*
 * slow_device.h - a swap device in memory that stores and loads on a thread of
 * its own, one thing after the other.  Of a page only the first word counts.
 */
#ifndef USM_TESTS_RACE_SLOW_DEVICE_H
#define USM_TESTS_RACE_SLOW_DEVICE_H

#include <stdint.h>

#include "instance/policies/swap/device.h"

#define SLOW_SLOTS_MAX 1024U

/* With slots [1, nr_slots).  *out is the caller's to close. */
void slow_device_open(uint32_t nr_slots, struct usm_swap_device *out);

#endif /* USM_TESTS_RACE_SLOW_DEVICE_H */
