/* SPDX-License-Identifier: MIT */
/* What the kernel does by itself, for a process that nobody bound. */
#include "bench/guest/expect.h"
#include "lib/file.h"

#define PAGES 64
#define LARGE_PAGES 16

#define MTHP_DIR "/sys/kernel/mm/transparent_hugepage/hugepages-"

static enum verdict plain(struct bench *bench, const struct expectation *want,
			  double *value)
{
	enum verdict verdict = touch_as_expected(bench, want, value);

	toucher_reset(want->toucher, want->region);
	return verdict;
}

enum verdict row_kernel(struct bench *bench, double *value)
{
	const struct expectation want = {
		.toucher = &bench->plain,
		.region = REGION_SMALL,
		.pages = PAGES,
		.faults = PAGES,
		.run = 1,
	};

	return plain(bench, &want, value);
}

int mthp_enable(void)
{
	int err = file_write(MTHP_DIR "2048kB/enabled", "never");

	return err ? err : file_write(MTHP_DIR "64kB/enabled", "madvise");
}

enum verdict row_mthp(struct bench *bench, double *value)
{
	const struct expectation want = {
		.toucher = &bench->plain,
		.region = REGION_LARGE,
		.pages = PAGES,
		.faults = PAGES / LARGE_PAGES,
		.run = LARGE_PAGES,
		.large = true,
	};

	return plain(bench, &want, value);
}
