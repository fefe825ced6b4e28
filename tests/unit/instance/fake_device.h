/* SPDX-License-Identifier: MIT */
/*
 * fake_device.h - makes a swap device slow: its loads complete so many
 * milliseconds after they began, on the real clock, any number side by side.
 *
 * load() waits that long itself.  Pages are read when the completion is
 * reaped, by the reaping thread: the device beneath sees one thread only.
 */
#ifndef USM_TESTS_FAKE_DEVICE_H
#define USM_TESTS_FAKE_DEVICE_H

#include <stdint.h>

#include "instance/policies/swap/device.h"

/*
 * Wraps `inner`, which then belongs to *out.  At most `depth` loads are under
 * way at once (load_begin: -EAGAIN), at most FAKE_DEVICE_DEPTH.  Aborts when
 * something cannot be had.
 */
#define FAKE_DEVICE_DEPTH 1024U
void fake_device_slow(const struct usm_swap_device *inner, uint32_t delay_ms,
		      uint32_t depth, struct usm_swap_device *out);

/* An array of nr_slots pages, all zero. */
void fake_device_array(uint32_t nr_slots, struct usm_swap_device *out);

/* The most loads that were under way at once on a slow device. */
uint32_t fake_device_most(const struct usm_swap_device *device);

#endif /* USM_TESTS_FAKE_DEVICE_H */
