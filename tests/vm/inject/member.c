/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject/inject.h"
#include "lib/check.h"
#include "lib/pattern.h"

/* Of its pages, those that are out while it is at it. */
#define OUT 32
#define TOUCHED 16

struct memory {
	char *at;
	char *elsewhere; /* room to move to */
};

static int run_touch(void *with)
{
	char *p = mmap(NULL, TOUCHED * PAGE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t bad;

	(void)with;
	if (p == MAP_FAILED)
		return -errno;
	pattern_fill(p, 0, TOUCHED, 1, INJECT_SEED + 1);
	bad = pattern_bad(p, 0, TOUCHED, 1, INJECT_SEED + 1);
	munmap(p, TOUCHED * PAGE_BYTES);
	return bad ? -EIO : 0;
}

/* The child has all that its parent has, or there is none. */
static int run_fork(void *with)
{
	struct memory *memory = with;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		/* Some that are out, and some that are not. */
		_exit(pattern_bad(memory->at, OUT - 4, OUT + 4, 1, INJECT_SEED)
			      ? 1
			      : 0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	return status ? -EIO : 0;
}

static int move(char *from, char *to)
{
	if (mremap(from, INJECT_PAGES * PAGE_BYTES, INJECT_PAGES * PAGE_BYTES,
		   MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED)
		return -errno;
	return 0;
}

static int run_mremap(void *with)
{
	struct memory *memory = with;

	return move(memory->at, memory->elsewhere);
}

static void undo_mremap(void *with)
{
	struct memory *memory = with;

	check_eq(move(memory->elsewhere, memory->at), 0, "it moves back");
}

static int run_mprotect(void *with)
{
	struct memory *memory = with;

	return mprotect(memory->at + 8 * PAGE_BYTES, 8 * PAGE_BYTES, PROT_READ)
		       ? -errno
		       : 0;
}

static void undo_mprotect(void *with)
{
	struct memory *memory = with;

	check_eq(mprotect(memory->at + 8 * PAGE_BYTES, 8 * PAGE_BYTES,
			  PROT_READ | PROT_WRITE),
		 0, "it is writable again");
}

/* Each failure while a page comes back, and all at last. */
static int run_return(void *with)
{
	struct memory *memory = with;

	return pattern_bad(memory->at, 0, INJECT_PAGES, 1, INJECT_SEED) ? -EIO
									: 0;
}

static int member_main(struct child *self, void *arg)
{
	static const struct operation operations[] = {
		{ "touch", run_touch, NULL, NULL },
		{ "fork", run_fork, NULL, NULL },
		{ "mremap", run_mremap, undo_mremap, NULL },
		{ "mprotect", run_mprotect, undo_mprotect, NULL },
		{ "return", run_return, NULL, NULL },
	};
	struct memory memory = {
		.at = pattern_map(INJECT_PAGES * PAGE_BYTES),
		.elsewhere = pattern_map(INJECT_PAGES * PAGE_BYTES),
	};
	size_t i;

	(void)arg;
	inject_begin();
	pattern_fill(memory.at, 0, INJECT_PAGES, 1, INJECT_SEED);
	self->shared->word[WORD_ADDR] = (uintptr_t)memory.at;
	child_stop_at(self, 1);
	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		inject_all(&operations[i], &memory);
	return pattern_bad(memory.at, 0, INJECT_PAGES, 1, INJECT_SEED) ? 1 : 0;
}

void test_member(struct swapper *swapper)
{
	struct child child;
	int member;

	child_start(&child, member_main, NULL);
	member = swapper_bind(swapper, child.pidfd, USM_INHERIT_ALL);
	require(member > 0, "a member is bound");
	child_let(&child, 0);
	require(child_reached(&child, 1), "it has its pages");
	check_eq(swapper_evict(swapper, (uint32_t)member,
			       child.shared->word[WORD_ADDR], OUT),
		 OUT, "some of them are evicted");
	child_let(&child, 1);
	/* Hundreds of forks. */
	check_eq(child_end(&child, 3 * CHILD_LIMIT_MS), 0,
		 "its pages are right");
}
