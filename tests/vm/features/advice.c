/* SPDX-License-Identifier: MIT */
/* madvise() and move_pages(): the kernel may forget pages, not mix them up. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "features/features.h"
#include "lib/pagemap.h"

#define BYTES (FEATURE_PAGES * PAGE_BYTES)

/* Each page afterwards is as it was, or empty. */
int feature_free_lazily(struct child *self, void *arg)
{
	char *buffer = pattern_map(BYTES);
	size_t i;

	(void)self;
	(void)arg;
	pattern_fill(buffer, 0, FEATURE_PAGES, 1, 46);
	if (madvise(buffer, BYTES, MADV_FREE))
		return 1;
	for (i = 0; i < FEATURE_PAGES; i++)
		if (pattern_bad_page(buffer, i, 46) &&
		    pattern_nonzero(buffer, i, i + 1))
			return 2;
	pattern_fill(buffer, 0, FEATURE_PAGES, 1, 47);
	return pattern_bad(buffer, 0, FEATURE_PAGES, 1, 47) ? 3 : 0;
}

/* Where the buffer is now compared with before; -1: unknown. */
static int frames_changed(char *buffer, const struct pages *before)
{
	struct pages now;
	int changed;

	if (pages_read_range(getpid(), (uintptr_t)buffer,
			     (uintptr_t)buffer + BYTES, &now))
		return -1;
	pages_drop_old(&now, before);
	changed = now.nr != 0;
	pages_free(&now);
	return changed;
}

static int read_frames(char *buffer, struct pages *out)
{
	return pages_read_range(getpid(), (uintptr_t)buffer,
				(uintptr_t)buffer + BYTES, out);
}

/* To swap, to the end of the list: frames of the pool stay. */
int feature_page_out(struct child *self, void *arg)
{
	char *buffer = pattern_map(BYTES);
	struct pages before;

	(void)self;
	(void)arg;
	pattern_fill(buffer, 0, FEATURE_PAGES, 1, 48);
	if (read_frames(buffer, &before) || before.nr != FEATURE_PAGES)
		return 1;
	if (madvise(buffer, BYTES, MADV_COLD) ||
	    madvise(buffer, BYTES, MADV_PAGEOUT))
		return 2;
	if (frames_changed(buffer, &before))
		return 3;
	return pattern_bad(buffer, 0, FEATURE_PAGES, 1, 48) ? 4 : 0;
}

int feature_populate(struct child *self, void *arg)
{
	char *buffer = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct pages present;

	(void)self;
	(void)arg;
	if (buffer == MAP_FAILED || read_frames(buffer, &present))
		return 1;
	if (present.nr != FEATURE_PAGES)
		return 2;
	pages_free(&present);
	madvise(buffer, BYTES, MADV_DONTNEED);
	if (madvise(buffer, BYTES, MADV_POPULATE_READ) ||
	    madvise(buffer, BYTES, MADV_POPULATE_WRITE))
		return 3;
	if (pattern_nonzero(buffer, 0, FEATURE_PAGES))
		return 4;
	pattern_fill(buffer, 0, FEATURE_PAGES, 1, 49);
	return pattern_bad(buffer, 0, FEATURE_PAGES, 1, 49) ? 5 : 0;
}

/* Asked to migrate every page: refused or done, the data is the same. */
int feature_move(struct child *self, void *arg)
{
	static void *page[FEATURE_PAGES];
	static int node[FEATURE_PAGES], status[FEATURE_PAGES];
	char *buffer = pattern_map(BYTES);
	struct pages before;
	size_t i;

	(void)self;
	(void)arg;
	pattern_fill(buffer, 0, FEATURE_PAGES, 1, 50);
	for (i = 0; i < FEATURE_PAGES; i++)
		page[i] = buffer + i * PAGE_BYTES;
	if (read_frames(buffer, &before) || before.nr != FEATURE_PAGES)
		return 1;
	if (syscall(SYS_move_pages, 0, FEATURE_PAGES, page, node, status,
		    MPOL_MF_MOVE) < 0 &&
	    errno == ENOSYS)
		return FEATURE_MISSING;
	if (frames_changed(buffer, &before))
		return 2;
	return pattern_bad(buffer, 0, FEATURE_PAGES, 1, 50) ? 3 : 0;
}
