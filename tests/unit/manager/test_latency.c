// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "latency.h"

Test(latency, buckets_touch_and_do_not_overlap)
{
	uint64_t next = 0;

	for (unsigned int i = 0; i < USM_LATENCY_BUCKETS; i++) {
		uint64_t low, width;

		usm_latency_bucket(i, &low, &width);
		cr_assert_eq(low, next, "bucket %u", i);
		cr_assert_gt(width, 0);
		next = low + width;
	}
	/* The last one is far beyond any deadline. */
	cr_assert_gt(next, 10ULL * 1000 * 1000 * 1000);
}

Test(latency, is_zero_without_faults)
{
	__u64 buckets[USM_LATENCY_BUCKETS] = { 0 };

	cr_assert_eq(usm_latency_percentile(buckets, 50), 0);
}

Test(latency, stays_within_the_bucket)
{
	__u64 buckets[USM_LATENCY_BUCKETS] = { 0 };
	uint64_t low, width;

	usm_latency_bucket(50, &low, &width);
	buckets[50] = 1000;
	cr_assert_geq(usm_latency_percentile(buckets, 1), low);
	cr_assert_leq(usm_latency_percentile(buckets, 100), low + width);
	cr_assert_lt(usm_latency_percentile(buckets, 1),
		     usm_latency_percentile(buckets, 99));
}

Test(latency, separates_the_slow_ones)
{
	__u64 buckets[USM_LATENCY_BUCKETS] = { 0 };
	uint64_t fast, slow, width;

	usm_latency_bucket(40, &fast, &width);
	usm_latency_bucket(100, &slow, &width);
	buckets[40] = 989;
	buckets[100] = 11;
	cr_assert_lt(usm_latency_percentile(buckets, 50), slow);
	cr_assert_lt(usm_latency_percentile(buckets, 98), slow);
	cr_assert_geq(usm_latency_percentile(buckets, 99), slow);
	buckets[100] = 9;
	buckets[40] = 991;
	cr_assert_lt(usm_latency_percentile(buckets, 99), slow);
}

Test(latency, does_not_overflow)
{
	__u64 buckets[USM_LATENCY_BUCKETS] = { 0 };
	uint64_t low, width;

	buckets[10] = UINT64_MAX / 2;
	buckets[11] = UINT64_MAX / 4;
	usm_latency_bucket(10, &low, &width);
	cr_assert_leq(usm_latency_percentile(buckets, 50), low + width);
}
