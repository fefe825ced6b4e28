/* SPDX-License-Identifier: MIT */
/*
 * resize.h - following a partition that was made larger or smaller.
 */
#ifndef USM_INSTANCE_WORKER_RESIZE_H
#define USM_INSTANCE_WORKER_RESIZE_H

#include <stdint.h>

#include "instance/kernel.h"
#include "instance/worker/local_manager.h"

struct usm_resize_parts {
	const struct usm_kernel *kernel;
	struct usm_stock *stock;
	struct usm_pager *pager; /* or NULL */
	struct usm_local_manager *manager;
	uint32_t pool_frames;
	unsigned int free_low_percent, free_high_percent;
};

/*
 * Takes the extents the kernel names now, and has the pages of frames that are
 * leaving evicted first.  The worker's own call, between two passes.  Errors of
 * the kernel's commands, ENOMEM: the books are as they were.
 */
int usm_resize_follow(const struct usm_resize_parts *parts);

#endif /* USM_INSTANCE_WORKER_RESIZE_H */
