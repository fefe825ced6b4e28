/* SPDX-License-Identifier: MIT */
#include "instance/policies/stats.h"

uint32_t
usm_policy_stats(const struct usm_policy_stat *own, uint32_t nr_own,
		 uint32_t (*policy)(const void *ctx,
				    struct usm_policy_stat *stats, uint32_t nr),
		 const void *ctx, struct usm_policy_stat *stats, uint32_t nr)
{
	uint32_t filled, more;

	for (filled = 0; filled < nr && filled < nr_own; filled++)
		stats[filled] = own[filled];
	if (!policy || filled == nr)
		return filled;
	more = policy(ctx, stats + filled, nr - filled);
	return filled + (more < nr - filled ? more : nr - filled);
}
