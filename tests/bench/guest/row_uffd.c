/* SPDX-License-Identifier: MIT */
/* The kernel's own way to serve faults from userspace. */
#include "bench/guest/cpu.h"
#include "bench/guest/expect.h"

#define PAGES 64

static enum verdict uffd(struct bench *bench, int cpu, double *value)
{
	const struct expectation want = {
		.toucher = &bench->handled,
		.region = REGION_SMALL,
		.pages = PAGES,
		.faults = PAGES,
		.run = 1,
	};
	enum verdict verdict;
	uint64_t handled;
	int err = cpu_pin(bench->handled.handler, cpu);

	if (err)
		return invalid(bench, "the handler cannot be pinned (%d)", err);
	verdict = touch_as_expected(bench, &want, value);
	handled = toucher_handled(&bench->handled);
	toucher_reset(want.toucher, want.region);
	if (verdict == VALID && handled != PAGES)
		verdict = invalid(bench, "the handler saw %llu faults of %u",
				  (unsigned long long)handled, PAGES);
	return verdict;
}

enum verdict row_uffd_other(struct bench *bench, double *value)
{
	return uffd(bench, bench->other_cpu, value);
}

enum verdict row_uffd_same(struct bench *bench, double *value)
{
	return uffd(bench, CPU_FAULTS, value);
}
