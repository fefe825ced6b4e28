/* SPDX-License-Identifier: MIT */
#include "grants/member.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"

#define HUGE_BYTES (2 * MIB)
#define EXIT_LIMIT_MS 20000

enum word {
	WORD_ORDER,
	WORD_FIRST,
	WORD_COUNT,
	WORD_SEED,
	WORD_RESULT,
	WORD_PAGES,
	WORD_BASE,
};

static long minor_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

static uint64_t fill(char *base, size_t first, size_t count, uint64_t seed)
{
	long before = minor_faults();

	pattern_fill(base, first, first + count, 1, seed);
	return (uint64_t)(minor_faults() - before);
}

static uint64_t read_all(const char *base, size_t first, size_t count)
{
	long before = minor_faults();
	size_t i;

	for (i = first; i < first + count; i++)
		(void)*(const volatile char *)(base + i * PAGE_BYTES);
	return (uint64_t)(minor_faults() - before);
}

static uint64_t fork_child(char *base, size_t first, size_t count,
			   uint64_t seed)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		return 0;
	pid = fork();
	if (!pid) {
		fill(base, first, count, seed);
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	(void)!read(ready[0], &byte, 1);
	close(ready[0]);
	close(ready[1]);
	return (uint64_t)pid;
}

static uint64_t move(char *base, size_t first, size_t count)
{
	size_t bytes = count * PAGE_BYTES;
	char *to = mmap(NULL, bytes + HUGE_BYTES, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	to += -(uintptr_t)to % HUGE_BYTES;
	return (uint64_t)(uintptr_t)mremap(base + first * PAGE_BYTES, bytes,
					   bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
					   to);
}

static uint64_t obey(char *base, volatile uint64_t *word)
{
	size_t first = word[WORD_FIRST], count = word[WORD_COUNT];
	uint64_t seed = word[WORD_SEED];
	char *start = base + first * PAGE_BYTES;
	size_t bytes = count * PAGE_BYTES;
	int status = 0;

	switch ((enum order)word[WORD_ORDER]) {
	case ORDER_FILL:
		return fill(base, first, count, seed);
	case ORDER_BAD:
		return pattern_bad(base, first, first + count, 1, seed);
	case ORDER_NONZERO:
		return pattern_nonzero(base, first, first + count);
	case ORDER_READ:
		return read_all(base, first, count);
	case ORDER_UNMAP:
		return (uint64_t)munmap(start, bytes);
	case ORDER_DONTNEED:
		return (uint64_t)madvise(start, bytes, MADV_DONTNEED);
	case ORDER_READ_ONLY:
		return (uint64_t)(mprotect(start, bytes, PROT_READ) |
				  mprotect(start, bytes,
					   PROT_READ | PROT_WRITE));
	case ORDER_MOVE:
		return move(base, first, count);
	case ORDER_FORK:
		return fork_child(base, first, count, seed);
	case ORDER_REAP:
		kill((pid_t)first, SIGKILL);
		waitpid((pid_t)first, &status, 0);
		return (uint64_t)status;
	case ORDER_HUGE:
		return (uint64_t)madvise(start, bytes, MADV_HUGEPAGE);
	case ORDER_FREE:
		return (uint64_t)madvise(start, bytes, MADV_FREE);
	case ORDER_LOCK:
		return mlock(start, bytes) ? (uint64_t)errno : 0;
	case ORDER_END:
		break;
	}
	return 0;
}

static int member_main(struct child *self, void *arg)
{
	volatile uint64_t *word = self->shared->word;
	char *base = mmap(NULL, word[WORD_PAGES] * PAGE_BYTES + HUGE_BYTES,
			  PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	uint32_t step = 1;

	/* Or the claim would outlive the test's own descriptor. */
	close(*(const int *)arg);
	if (base == MAP_FAILED)
		return 1;
	base += -(uintptr_t)base % HUGE_BYTES;
	madvise(base, word[WORD_PAGES] * PAGE_BYTES, MADV_NOHUGEPAGE);
	word[WORD_BASE] = (uint64_t)(uintptr_t)base;
	for (;; step++) {
		child_stop_at(self, step);
		if (word[WORD_ORDER] == ORDER_END)
			return 0;
		word[WORD_RESULT] = obey(base, word);
	}
}

void member_start(struct member *member, const struct raw_daemon *daemon,
		  size_t pages)
{
	*member = (struct member){ .step = 1, .seed = 1 };
	child_start(&member->child, member_main, (void *)&daemon->dev);
	member->child.shared->word[WORD_PAGES] = pages;
	child_let(&member->child, 0);
	require(child_reached(&member->child, 1), "a member starts");
	member->base = member->child.shared->word[WORD_BASE];
	/* Once around the loop, so that all it needs itself is there. */
	member_do(member, ORDER_READ, 0, 0);
	if (usm_client_bind(daemon->dev, daemon->claim.instance,
			    member->child.pidfd, USM_INHERIT_ALL, &member->id))
		require(false, "a member binds");
}

uint64_t member_do(struct member *member, enum order order, size_t first,
		   size_t count)
{
	uint64_t *word = member->child.shared->word;

	word[WORD_ORDER] = order;
	word[WORD_FIRST] = first;
	word[WORD_COUNT] = count;
	word[WORD_SEED] = member->seed;
	child_let(&member->child, member->step++);
	require(child_reached(&member->child, member->step),
		"a member obeys order %d", order);
	return word[WORD_RESULT];
}

uint64_t member_page(const struct member *member, size_t index)
{
	return member->base + index * PAGE_BYTES;
}

uint32_t frame_at(pid_t pid, uint64_t addr, const struct raw_daemon *daemon)
{
	const struct usm_extent *own = &daemon->claim.extents[0];
	uint64_t first = daemon->claim.base_pfn + own->first;
	uint32_t frame = USM_FRAME_NONE;
	struct pages pages;

	if (pages_read_range(pid, addr, addr + PAGE_BYTES, &pages))
		require(false, "pagemap of a member");
	if (pages.nr == 1 && pages.at[0].pfn >= first &&
	    pages.at[0].pfn - first < own->frames)
		frame = (uint32_t)(pages.at[0].pfn - daemon->claim.base_pfn);
	pages_free(&pages);
	return frame;
}

uint32_t member_frame(const struct member *member,
		      const struct raw_daemon *daemon, size_t index)
{
	return frame_at(member->child.pid, member_page(member, index), daemon);
}

void member_end(struct member *member)
{
	member->child.shared->word[WORD_ORDER] = ORDER_END;
	child_let(&member->child, member->step);
	check_eq(child_end(&member->child, EXIT_LIMIT_MS), 0,
		 "the member ends well");
}
