// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "view.h"

Test(view, translates_the_kernels_figures)
{
	struct usm_instance_info info = {
		.instance = 3,
		.daemon_pid = 77,
		.owned = 10,
		.frames = { [USM_FRAME_FREE] = 4,
			    [USM_FRAME_GRANTED] = 1,
			    [USM_FRAME_MAPPED] = 3,
			    [USM_FRAME_HOME] = 2 },
		.faults = 100,
		.upcalls = 90,
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
	cr_assert_eq(out.owned, 40960);
	cr_assert_eq(out.mapped, 4 * 4096);
	cr_assert_eq(out.free, 6 * 4096);
	cr_assert_eq(out.owned, out.mapped + out.free);
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
