/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "features/features.h"

/* Locked, unlocked, locked again, and given back while it is. */
int feature_lock(struct child *self, void *arg)
{
	size_t bytes = FEATURE_PAGES * PAGE_BYTES;
	char *buffer = pattern_map(bytes);

	(void)self;
	(void)arg;
	/* Faults the pages in as well. */
	if (mlock(buffer, bytes))
		return 1;
	if (pattern_nonzero(buffer, 0, FEATURE_PAGES))
		return 2;
	pattern_fill(buffer, 0, FEATURE_PAGES, 1, 40);
	if (munlock(buffer, bytes / 2) || mlock(buffer, bytes / 4))
		return 3;
	if (pattern_bad(buffer, 0, FEATURE_PAGES, 1, 40))
		return 4;
	return munmap(buffer, bytes / 8) ? 5 : 0;
}

int feature_lock_all(struct child *self, void *arg)
{
	char *buffer;

	(void)self;
	(void)arg;
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		return 1;
	buffer = pattern_map(FEATURE_PAGES * PAGE_BYTES);
	pattern_fill(buffer, 0, FEATURE_PAGES, 1, 41);
	return pattern_bad(buffer, 0, FEATURE_PAGES, 1, 41) != 0;
}
