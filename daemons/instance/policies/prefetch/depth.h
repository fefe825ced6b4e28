/* SPDX-License-Identifier: MIT */
/*
 * depth.h - how far ahead of a stream of pages to read: the option "max" of the
 * policies that follow streams.
 */
#ifndef USM_INSTANCE_POLICIES_PREFETCH_DEPTH_H
#define USM_INSTANCE_POLICIES_PREFETCH_DEPTH_H

#include <stdint.h>

/*
 * As struct usm_prefetch_policy's config(): "max", pages from 1 to
 * USM_PREFETCH_WANTS_MAX.  -ENOENT, -EINVAL.
 */
int usm_prefetch_depth_config(uint32_t *max, const char *key, const char *value,
			      const char **why);

#endif /* USM_INSTANCE_POLICIES_PREFETCH_DEPTH_H */
