/* SPDX-License-Identifier: MIT */
/* Transparent huge pages and same-page merging must leave frames alone. */
#include <errno.h>
#include <sys/mman.h>

#include "features/features.h"
#include "lib/file.h"
#include "lib/wait.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define HUGE_BYTES (2 * MIB)
#define HUGE_PAGES (HUGE_BYTES / PAGE_BYTES)
#define SCAN_MS 1500

static char *aligned_map(void)
{
	char *p = mmap(NULL, 3 * HUGE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	return (char *)(((uintptr_t)p + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
}

/* A first touch that the kernel would serve with 2 MiB. */
int feature_huge(struct child *self, void *arg)
{
	char *buffer = aligned_map();

	(void)self;
	(void)arg;
	if (!buffer || madvise(buffer, 2 * HUGE_BYTES, MADV_HUGEPAGE))
		return FEATURE_MISSING;
	/* Read first in one of them: its huge zero page is written then. */
	if (pattern_nonzero(buffer, 0, 1))
		return 1;
	pattern_fill(buffer, 0, 2 * HUGE_PAGES, 1, 42);
	if (pattern_bad(buffer, 0, 2 * HUGE_PAGES, 1, 42))
		return 2;
	madvise(buffer + HUGE_BYTES / 2, HUGE_BYTES, MADV_DONTNEED);
	if (pattern_nonzero(buffer, HUGE_PAGES / 2, 3 * HUGE_PAGES / 2))
		return 3;
	return pattern_bad(buffer, 0, HUGE_PAGES / 2, 1, 42) ? 4 : 0;
}

/* Small frames made into a huge page, if the kernel can. */
int feature_collapse(struct child *self, void *arg)
{
	char *buffer = aligned_map();

	(void)self;
	(void)arg;
	if (!buffer)
		return FEATURE_MISSING;
	madvise(buffer, HUGE_BYTES, MADV_NOHUGEPAGE);
	pattern_fill(buffer, 0, HUGE_PAGES, 2, 43);
	madvise(buffer, HUGE_BYTES, MADV_HUGEPAGE);
	if (madvise(buffer, HUGE_BYTES, MADV_COLLAPSE) && errno == EINVAL)
		return FEATURE_MISSING;
	if (pattern_bad(buffer, 0, HUGE_PAGES, 2, 43))
		return 1;
	pattern_fill(buffer, 1, HUGE_PAGES, 2, 43);
	return pattern_bad(buffer, 0, HUGE_PAGES, 1, 43) ? 2 : 0;
}

/* Pages with the same content, while the merging daemon looks at them. */
int feature_same_page(struct child *self, void *arg)
{
	char *buffer = pattern_map(FEATURE_PAGES * PAGE_BYTES);
	size_t i;

	(void)self;
	(void)arg;
	for (i = 0; i < FEATURE_PAGES; i++)
		pattern_fill_page(buffer + i * PAGE_BYTES, 0, 44);
	if (madvise(buffer, FEATURE_PAGES * PAGE_BYTES, MADV_MERGEABLE) ||
	    file_write("/sys/kernel/mm/ksm/pages_to_scan", "5000") ||
	    file_write("/sys/kernel/mm/ksm/run", "1"))
		return FEATURE_MISSING;
	pause_ms(SCAN_MS);
	for (i = 0; i < FEATURE_PAGES; i++)
		if (pattern_bad_page(buffer + i * PAGE_BYTES, 0, 44))
			return 1;
	pattern_fill(buffer, 0, FEATURE_PAGES, 2, 45);
	/* 2: breaks up what was merged. */
	file_write("/sys/kernel/mm/ksm/run", "2");
	if (pattern_bad(buffer, 0, FEATURE_PAGES, 2, 45))
		return 2;
	for (i = 1; i < FEATURE_PAGES; i += 2)
		if (pattern_bad_page(buffer + i * PAGE_BYTES, 0, 44))
			return 3;
	return 0;
}
