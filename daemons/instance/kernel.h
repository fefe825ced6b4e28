/* SPDX-License-Identifier: MIT */
/*
 * kernel.h - what a worker asks of the kernel, as an ops table.
 *
 * The one seam between the policy engine and the module, so that all of the
 * former runs against plain memory in tests.  Every call returns 0 or -errno
 * and may be made from any thread; the meaning of each is that of the function
 * with the same name in common/client.h.
 */
#ifndef USM_INSTANCE_KERNEL_H
#define USM_INSTANCE_KERNEL_H

#include <stdint.h>

#include "usm.h"

struct usm_kernel {
	void *ctx;
	/* The calling thread serves doorbell `worker` from now on. */
	int (*worker)(void *ctx, uint32_t worker);
	int (*map)(void *ctx, struct usm_map_entry *entries, uint32_t nr);
	int (*scan)(void *ctx, uint32_t *home);
	int (*frames)(void *ctx, uint32_t first, struct usm_frame_info *out,
		      uint32_t *nr);
	/* Of the own partition. */
	int (*extents)(void *ctx, struct usm_extents *out);
	int (*evict)(void *ctx, struct usm_evict_entry *entries, uint32_t nr);
	int (*free)(void *ctx, struct usm_free_entry *entries, uint32_t nr);
	/* .member, .flags and .low are the caller's. */
	int (*push)(void *ctx, const uint32_t *frames, uint32_t nr,
		    struct usm_push *push);
	int (*grant)(void *ctx, struct usm_grant_entry *entries, uint32_t nr);
	/* Frames in the magazine of a member of the own instance; -ESRCH. */
	int (*stocked)(void *ctx, uint32_t member, uint32_t *out);
	int (*pages)(void *ctx, uint32_t member, uint64_t addr, uint32_t nr,
		     uint32_t flags, uint64_t *words);
	int (*evicted)(void *ctx, uint64_t after, struct usm_evicted_info *out,
		       uint32_t *nr);
	/* -EAGAIN when no frame has come home, -ENODEV without a claim. */
	int (*read_freed)(void *ctx, uint64_t *pfns, uint32_t *nr);
};

#endif /* USM_INSTANCE_KERNEL_H */
