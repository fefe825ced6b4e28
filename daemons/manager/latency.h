/* SPDX-License-Identifier: MIT */
/*
 * latency.h - percentiles from the kernel's latency histogram.  Pure.
 */
#ifndef USM_MANAGER_LATENCY_H
#define USM_MANAGER_LATENCY_H

#include <stdint.h>

#include "usm.h"

/* Lower bound and width in ns of a bucket, as usm.h defines them. */
void usm_latency_bucket(unsigned int bucket, uint64_t *low, uint64_t *width);

/*
 * The latency in ns that percent (1..100) of the faults did not exceed,
 * interpolated within its bucket (a bucket is at most a quarter of its value
 * wide); 0 when there were none.
 */
uint64_t usm_latency_percentile(const __u64 buckets[USM_LATENCY_BUCKETS],
				unsigned int percent);

#endif /* USM_MANAGER_LATENCY_H */
