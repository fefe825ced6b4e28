/* SPDX-License-Identifier: MIT */
/* Evicted pages that a fork shares, and memory that moves. */
#include <sys/mman.h>
#include <unistd.h>

#include "common/client.h"
#include "evict.h"
#include "lib/check.h"
#include "lib/pattern.h"
#include "lib/wait.h"

/* Forks while pages are out; parent and child must both read them right. */
static int fork_main(struct child *self, void *arg)
{
	char *base = member_begin(self);
	pid_t pid;
	int bad;

	(void)arg;
	/* The pages are out from here on. */
	pid = fork();
	if (pid == 0) {
		bad = pattern_bad(base, 0, EVICT_PAGES, 2, EVICT_SEED) != 0;
		pid = fork();
		if (pid == 0)
			_exit(pattern_bad(base, 0, EVICT_PAGES, 1,
					  EVICT_SEED) != 0);
		bad |= process_end(pid, CHILD_LIMIT_MS);
		_exit(bad);
	}
	child_stop_at(self, 2);
	bad = process_end(pid, CHILD_LIMIT_MS) ? 1 : 0;
	bad += pattern_bad(base, 0, EVICT_PAGES, 1, EVICT_SEED) ? 2 : 0;
	return bad;
}

static void forked(struct swapper *swapper, uint32_t inherit, const char *what)
{
	struct child child;
	uint32_t member =
		member_start(&child, swapper, inherit, fork_main, NULL);
	uint64_t base = child.shared->word[WORD_BASE];

	check_eq(swapper_evict(swapper, member, base, EVICT_PAGES), EVICT_PAGES,
		 "the pages are evicted");
	child_let(&child, 1);
	check(child_reached(&child, 2), "the member forks");
	child_let(&child, 2);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0,
		 "parent, child and grandchild (%s) read all right", what);
	check(wait_until(CHILD_LIMIT_MS, swapper_cookies(swapper) == 0),
	      "then no cookie is needed");
}

/* The page was taken and not stored when the member forked. */
static void forked_half_way(struct swapper *swapper)
{
	struct child child;
	uint32_t member =
		member_start(&child, swapper, USM_INHERIT_ALL, fork_main, NULL);
	uint64_t base = child.shared->word[WORD_BASE];
	int cookie = swapper_take(swapper, member, base);

	check(cookie > 0, "a page is taken");
	child_let(&child, 1);
	check(child_reached(&child, 2), "the member forks");
	check_eq(swapper_store(swapper, (uint32_t)cookie), 0,
		 "a page that is shared since is not retaken");
	child_let(&child, 2);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0, "all read it right");
}

static int move_main(struct child *self, void *arg)
{
	char *base = member_begin(self);
	size_t bytes = EVICT_PAGES * PAGE_BYTES;
	char *to = evict_map(), *moved;
	int bad;

	(void)arg;
	moved = mremap(base, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (moved != to)
		return 1;
	child_stop_at(self, 2);
	bad = pattern_bad(to, 0, EVICT_PAGES, 1, EVICT_SEED) ? 2 : 0;
	/* One page further, which no large page table can be moved for. */
	base = mmap(NULL, bytes + PAGE_BYTES, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	self->shared->word[WORD_BASE] = (uintptr_t)to;
	child_stop_at(self, 3);
	moved = mremap(to, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
		       base + PAGE_BYTES);
	if (moved != base + PAGE_BYTES)
		return 3;
	bad |= pattern_bad(moved, 0, EVICT_PAGES, 1, EVICT_SEED) ? 4 : 0;
	return bad;
}

static void moved(struct swapper *swapper)
{
	struct child child;
	uint32_t member =
		member_start(&child, swapper, USM_INHERIT_ALL, move_main, NULL);
	uint64_t base = child.shared->word[WORD_BASE];

	check_eq(swapper_evict(swapper, member, base, EVICT_PAGES), EVICT_PAGES,
		 "the pages are evicted");
	child_let(&child, 1);
	check(child_reached(&child, 2), "the member moves them");
	check_eq(swapper_cookies(swapper), EVICT_PAGES,
		 "a move drops no cookie");
	child_let(&child, 2);
	check(child_reached(&child, 3), "and reads them there");
	base = child.shared->word[WORD_BASE];
	check_eq(swapper_evict(swapper, member, base, EVICT_PAGES), EVICT_PAGES,
		 "they are evicted from there");
	child_let(&child, 3);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0,
		 "moved again, all pages are right");
	check(wait_until(CHILD_LIMIT_MS, swapper_cookies(swapper) == 0),
	      "then no cookie is needed");
}

void test_forked(struct swapper *swapper)
{
	forked(swapper, USM_INHERIT_ALL, "tagged");
	forked(swapper, USM_INHERIT_NONE, "untagged");
	forked_half_way(swapper);
	moved(swapper);
}
