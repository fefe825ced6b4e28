/* SPDX-License-Identifier: MIT */
/*
 * stats.h - counters of a policy, after those of who checks it.
 */
#ifndef USM_INSTANCE_POLICIES_STATS_H
#define USM_INSTANCE_POLICIES_STATS_H

#include <stdint.h>

#include "usm_policy.h"

/*
 * Writes nr_own counters of its caller's, then those of the policy (NULL: it has
 * none), at most nr together.  Returns how many, whatever the policy says.
 */
uint32_t
usm_policy_stats(const struct usm_policy_stat *own, uint32_t nr_own,
		 uint32_t (*policy)(const void *ctx,
				    struct usm_policy_stat *stats, uint32_t nr),
		 const void *ctx, struct usm_policy_stat *stats, uint32_t nr);

#endif /* USM_INSTANCE_POLICIES_STATS_H */
