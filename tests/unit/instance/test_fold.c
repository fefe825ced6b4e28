/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "instance/replay/fold.h"

static void use(struct usm_fold *fold, uint64_t page)
{
	cr_assert_eq(usm_fold_access(fold, page, true), 0);
}

Test(fold, numbers_pages_by_address)
{
	struct usm_fold *fold;
	struct usm_trace trace;

	cr_assert_eq(usm_fold_create(0, &fold), -EINVAL);
	cr_assert_eq(usm_fold_create(4, &fold), 0);
	use(fold, 0x7ffff0);
	use(fold, 11);
	use(fold, 10);
	use(fold, 13);
	cr_assert_eq(usm_fold_trace(fold, 4096, &trace), 0);
	cr_assert_eq(trace.nr_pages, 4);
	cr_assert_eq(trace.nr_runs, 3);
	cr_assert_eq(trace.runs[0].first, 10);
	cr_assert_eq(trace.runs[0].pages, 2);
	cr_assert_eq(trace.runs[1].first, 13);
	cr_assert_eq(trace.runs[1].base, 2);
	cr_assert_eq(trace.runs[2].first, 0x7ffff0);
	cr_assert_eq(trace.nr_accesses, 4);
	cr_assert_eq(trace.accesses[0], 3);
	cr_assert_eq(trace.accesses[1], 1);
	cr_assert_eq(trace.accesses[2], 0);
	cr_assert_eq(trace.accesses[3], 2);
	usm_trace_fini(&trace);
	usm_fold_destroy(fold);
}

Test(fold, leaves_out_what_nobody_wrote)
{
	struct usm_fold *fold;
	struct usm_trace trace;

	cr_assert_eq(usm_fold_create(4, &fold), 0);
	cr_assert_eq(usm_fold_access(fold, 1, false), 0);
	use(fold, 2);
	cr_assert_eq(usm_fold_access(fold, 1, false), 0);
	use(fold, 1);
	cr_assert_eq(usm_fold_trace(fold, 4096, &trace), 0);
	cr_assert_eq(trace.nr_pages, 2);
	cr_assert_eq(trace.nr_accesses, 2);
	usm_trace_fini(&trace);
	usm_fold_destroy(fold);
}

/* Page 0 with every access to another page; where is it noted? */
Test(fold, pauses_longer_and_longer)
{
	/* After 4, 16, then 64 others, which is the window, again and again. */
	static const uint32_t noted[] = { 0, 5, 22, 87, 152 };
	struct usm_fold *fold;
	struct usm_trace trace;
	uint64_t page;
	uint32_t i, nr = 0;

	cr_assert_eq(usm_fold_create(64, &fold), 0);
	for (page = 1; page < 200; page++) {
		use(fold, 0);
		use(fold, 0);
		use(fold, page);
	}
	/* Long not used: it begins anew. */
	for (; page < 400; page++)
		use(fold, page);
	for (; page < 406; page++) {
		use(fold, 0);
		use(fold, page);
	}
	cr_assert_eq(usm_fold_trace(fold, 4096, &trace), 0);
	for (i = 0; i < 200; i++)
		if (!trace.accesses[i])
			cr_assert_eq(noted[nr++], i);
	cr_assert_eq(nr, 5);
	for (nr = 0, i = trace.nr_accesses - 8; i < trace.nr_accesses; i++)
		nr += !trace.accesses[i];
	cr_assert_eq(nr, 2);
	usm_trace_fini(&trace);
	usm_fold_destroy(fold);
}

Test(fold, grows)
{
	struct usm_fold *fold;
	struct usm_trace trace;
	uint64_t i;

	cr_assert_eq(usm_fold_create(1, &fold), 0);
	for (i = 0; i < 300000; i++)
		use(fold, (i * 7) % 100003);
	cr_assert_eq(usm_fold_trace(fold, 4096, &trace), 0);
	cr_assert_eq(trace.nr_pages, 100003);
	cr_assert_eq(trace.nr_runs, 1);
	cr_assert_eq(trace.nr_accesses, 300000);
	usm_trace_fini(&trace);
	usm_fold_destroy(fold);
}
