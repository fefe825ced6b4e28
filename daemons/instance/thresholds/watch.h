/* SPDX-License-Identifier: MIT */
/*
 * watch.h - workers see a threshold crossed and tell the control thread.
 *
 * They look after each pass, so nobody has to wake up for it: while nothing
 * happens nothing is crossed.
 */
#ifndef USM_INSTANCE_THRESHOLDS_WATCH_H
#define USM_INSTANCE_THRESHOLDS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config_thresholds.h"

struct usm_threshold_watch {
	const struct usm_config_thresholds *thresholds; /* borrowed */
	int fd; /* readable: .level is another */
	uint32_t frames; /* of the partition; .. */
	unsigned int level; /* .. both are anybody's, with atomics */
};

/* The eventfd of one for a partition of so many frames.  -errno. */
int usm_threshold_watch_open(struct usm_threshold_watch *watch,
			     const struct usm_config_thresholds *thresholds,
			     uint32_t frames);

/* Closes it; no worker may look any more. */
void usm_threshold_watch_close(struct usm_threshold_watch *watch);

/* The partition has another size; any thread. */
void usm_threshold_watch_resized(struct usm_threshold_watch *watch,
				 uint32_t frames);

/*
 * A worker sees so many free frames in the whole instance.  Makes a system
 * call only when that crosses a threshold; any worker.
 */
void usm_threshold_watch_see(struct usm_threshold_watch *watch,
			     uint32_t nr_free);

/* How many are reached now; any thread. */
unsigned int usm_threshold_watch_level(const struct usm_threshold_watch *watch);

#endif /* USM_INSTANCE_THRESHOLDS_WATCH_H */
