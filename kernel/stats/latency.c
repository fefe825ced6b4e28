// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/minmax.h>

#include "instance/instance.h"
#include "stats/latency.h"

/* Values below are their own bucket; above, four buckets an octave. */
#define LINEAR 8

unsigned int usm_latency_bucket(u64 ns)
{
	unsigned int octave, quarter;

	if (ns < LINEAR)
		return ns;
	octave = fls64(ns) - 1;
	quarter = (ns >> (octave - 2)) & 3;
	return min((octave - 1) * 4 + quarter, USM_LATENCY_BUCKETS - 1u);
}

void usm_latency_add(struct usm_instance *instance, u64 ns)
{
	atomic64_inc(&instance->latency[usm_latency_bucket(ns)]);
}
