// SPDX-License-Identifier: MIT
#include "latency.h"

void usm_latency_bucket(unsigned int bucket, uint64_t *low, uint64_t *width)
{
	unsigned int octave;

	if (bucket < 8) {
		*low = bucket;
		*width = 1;
		return;
	}
	octave = bucket / 4 + 1;
	*width = 1ULL << (octave - 2);
	*low = (1ULL << octave) + (bucket % 4) * *width;
}

uint64_t usm_latency_percentile(const __u64 buckets[USM_LATENCY_BUCKETS],
				unsigned int percent)
{
	uint64_t total = 0, before = 0, rank;

	for (unsigned int i = 0; i < USM_LATENCY_BUCKETS; i++)
		total += buckets[i];
	if (!total)
		return 0;
	/* Rounded up, and split so that it cannot overflow. */
	rank = total / 100 * percent + (total % 100 * percent + 99) / 100;
	for (unsigned int i = 0; i < USM_LATENCY_BUCKETS; i++) {
		uint64_t low, width;

		if (before + buckets[i] < rank) {
			before += buckets[i];
			continue;
		}
		usm_latency_bucket(i, &low, &width);
		return low +
		       (uint64_t)((double)width * (double)(rank - before) /
				  (double)buckets[i]);
	}
	return 0;
}
