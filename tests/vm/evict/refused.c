/* SPDX-License-Identifier: MIT */
/* What cannot be evicted, and stays what it was. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/client.h"
#include "evict.h"
#include "lib/check.h"
#include "lib/pattern.h"

enum {
	PINNED,
	LOCKED,
	SHARED,
	PLAIN,
	KINDS
};

static int odd_main(struct child *self, void *arg)
{
	char *base = member_begin(self);
	struct iovec pinned = { base + PINNED * PAGE_BYTES, PAGE_BYTES };
	int pipe_fds[2], bad;
	pid_t pid;

	(void)arg;
	/* A gift to a pipe holds the page until somebody reads it. */
	if (pipe(pipe_fds) || vmsplice(pipe_fds[1], &pinned, 1, 0) < 0)
		return 1;
	if (mlock(base + LOCKED * PAGE_BYTES, PAGE_BYTES))
		return 2;
	child_stop_at(self, 2);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	child_stop_at(self, 3);
	kill(pid, SIGKILL);
	process_end(pid, CHILD_LIMIT_MS);
	bad = (int)pattern_bad(base, 0, EVICT_PAGES, 1, EVICT_SEED);
	return bad ? 3 : 0;
}

void test_refused(struct swapper *swapper)
{
	struct usm_evict_entry entry;
	struct child child;
	uint32_t member =
		member_start(&child, swapper, USM_INHERIT_ALL, odd_main, NULL);
	uint64_t base = child.shared->word[WORD_BASE];

	child_let(&child, 1);
	check(child_reached(&child, 2), "pages are pinned and locked");
	check_eq(swapper_take(swapper, member, base + PINNED * PAGE_BYTES),
		 -EBUSY, "a pinned page is refused");
	check_eq(swapper_take(swapper, member, base + LOCKED * PAGE_BYTES),
		 -EBUSY, "a locked page is refused");
	child_let(&child, 2);
	check(child_reached(&child, 3), "the member forks");
	check_eq(swapper_take(swapper, member, base + SHARED * PAGE_BYTES),
		 -EBUSY, "a page that a child shares is refused");
	check_eq(swapper_take(swapper, member, base - 64 * MIB), -ENOENT,
		 "where nothing is mapped there is nothing");
	check_eq(swapper_take(swapper, member, base + 1), -EINVAL,
		 "an address within a page is refused");
	check_eq(swapper_take(swapper, member + 1000, base), -ESRCH,
		 "an unknown member is refused");
	entry = (struct usm_evict_entry){ .frame = USM_FRAME_NONE };
	usm_client_evict(swapper->daemon.dev, &entry, 1, NULL);
	check_eq(entry.result, -ENOENT, "no frame is refused");
	child_let(&child, 3);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0,
		 "the member finds all pages as they were");
}
