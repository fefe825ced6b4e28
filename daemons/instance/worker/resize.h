/* SPDX-License-Identifier: MIT */
/*
 * resize.h - following a partition that was made larger or smaller.
 */
#ifndef USM_INSTANCE_WORKER_RESIZE_H
#define USM_INSTANCE_WORKER_RESIZE_H

#include <stdint.h>

#include "instance/kernel.h"
#include "instance/thresholds/watch.h"
#include "instance/worker/local_manager.h"

struct usm_resize_parts {
	const struct usm_kernel *kernel;
	unsigned int nr_workers;
	struct usm_stock *const *stocks; /* [nr_workers] */
	struct usm_local_manager *const *managers; /* [nr_workers] */
	struct usm_pager *pager; /* or NULL */
	struct usm_ahead *ahead; /* or NULL */
	struct usm_threshold_watch *watch; /* or NULL */
	uint32_t pool_frames;
	unsigned int free_low_percent, free_high_percent;
};

/*
 * Takes the extents the kernel names now, and has the pages of frames that are
 * leaving evicted first.  By one worker, between two passes of all.  Errors of
 * the kernel's commands, ENOMEM: the books are as they were.
 */
int usm_resize_follow(const struct usm_resize_parts *parts);

#endif /* USM_INSTANCE_WORKER_RESIZE_H */
