// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "view.h"

Test(view, translates_the_kernels_figures)
{
	struct usm_instance_info info = {
		.instance = 3,
		.daemon_pid = 77,
		.owned = 21,
		.frames = { [USM_FRAME_FREE] = 4,
			    [USM_FRAME_GRANTED] = 1,
			    [USM_FRAME_MAPPED] = 3,
			    [USM_FRAME_HOME] = 2,
			    [USM_FRAME_EVICTING] = 5,
			    [USM_FRAME_QUARANTINED] = 6 },
		.faults = 100,
		.upcalls = 60,
		.magazine = 30,
		.range = 10,
		.around = 8,
		.evicted = 7,
		.evictions = 12,
		.swapins = 4,
		.retaken = 1,
		.fallbacks = { [USM_FALLBACK_LATE] = 10 },
		.freed = 5,
		.bad_commands = 1,
		.wakes_kernel = 6,
	};
	struct usm_cp_instance out = { 0 };

	info.latency[60] = 90;
	usm_view_kernel(&info, &out);
	cr_assert_eq(out.id, 3);
	cr_assert_eq(out.daemon_pid, 77);
	cr_assert_eq(out.owned, 21 * 4096);
	cr_assert_eq(out.mapped, 3 * 4096);
	cr_assert_eq(out.granted, 4096);
	cr_assert_eq(out.free, 6 * 4096);
	cr_assert_eq(out.owned, out.mapped + out.granted + out.storing +
					out.free + out.bad);
	cr_assert_eq(out.evicted, 7 * 4096);
	cr_assert_eq(out.faults_magazine, 30);
	cr_assert_eq(out.faults_range, 10);
	cr_assert_eq(out.around, 8);
	cr_assert_eq(out.evictions, 12);
	cr_assert_eq(out.swapins, 4);
	cr_assert_eq(out.retaken, 1);
	cr_assert_eq(out.fallbacks[USM_FALLBACK_LATE], 10);
	cr_assert_eq(out.wakes[USM_WAKE_KERNEL], 6);
	cr_assert_gt(out.p50_ns, 0);
	cr_assert_geq(out.p99_ns, out.p50_ns);
}

Test(view, bounds_memory_outside_the_pool)
{
	/* Nothing fell back: all of it was there before. */
	cr_assert_eq(usm_view_outside_pool(1 << 20, 4096, 0), 0);
	/* More fell back than there is now. */
	cr_assert_eq(usm_view_outside_pool(8192, 4096, 100), 4096);
	/* Less fell back than there is. */
	cr_assert_eq(usm_view_outside_pool(1 << 20, 0, 2), 8192);
	/* Frames shared over fork can make mapped the larger one. */
	cr_assert_eq(usm_view_outside_pool(4096, 8192, 5), 0);
}
