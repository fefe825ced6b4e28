/* SPDX-License-Identifier: MIT */
/* Ways to get at memory, each of which must find evicted pages as they were. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "evict.h"
#include "lib/check.h"
#include "lib/child.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Between two accesses that share all pages with a child. */
#define ALONE_MS 50
#define RACE_MS_QUICK 1000
#define RACE_MS_FULL 120000

static size_t bad_pages(void *base, size_t pages)
{
	return pattern_bad(base, 0, pages, 1, EVICT_SEED);
}

static size_t by_writing(void *base, size_t pages)
{
	volatile char *bytes = base;
	size_t i;

	for (i = 0; i < pages; i++) {
		bytes[i * PAGE_BYTES + 1] ^= 1;
		bytes[i * PAGE_BYTES + 1] ^= 1;
	}
	return bad_pages(base, pages);
}

static size_t read_only(void *base, size_t pages)
{
	size_t bad;

	mprotect(base, pages * PAGE_BYTES, PROT_READ);
	bad = bad_pages(base, pages);
	mprotect(base, pages * PAGE_BYTES, PROT_READ | PROT_WRITE);
	return bad + bad_pages(base, pages);
}

static size_t in_child(void *base, size_t pages)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(bad_pages(base, pages) != 0);
	return pid < 0 || process_end(pid, CHILD_LIMIT_MS) ? 1 : 0;
}

/* A process that reads this one from outside: what run() finds wrong. */
static size_t from_outside(size_t (*run)(pid_t pid, void *base, void *copy,
					 size_t bytes),
			   void *base, size_t pages)
{
	size_t bytes = pages * PAGE_BYTES;
	pid_t self = getpid(), pid;
	void *copy;

	pid = fork();
	if (pid)
		return pid < 0 || process_end(pid, CHILD_LIMIT_MS) ? 1 : 0;
	/* Shared with us it could not be evicted. */
	munmap(base, bytes);
	copy = malloc(bytes);
	_exit(!copy || run(self, base, copy, bytes) ||
	      bad_pages(copy, pages) != 0);
}

static size_t vm_readv(pid_t pid, void *base, void *copy, size_t bytes)
{
	struct iovec local = { copy, bytes }, remote = { base, bytes };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) !=
	       (ssize_t)bytes;
}

static size_t by_vm_readv(void *base, size_t pages)
{
	return from_outside(vm_readv, base, pages);
}

static size_t proc_mem(pid_t pid, void *base, void *copy, size_t bytes)
{
	char path[64];
	FILE *file;
	size_t got;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	file = fopen(path, "rb");
	if (!file)
		return 1;
	setvbuf(file, NULL, _IONBF, 0);
	fseek(file, (long)base, SEEK_SET);
	got = fread(copy, 1, bytes, file);
	fclose(file);
	return got != bytes;
}

static size_t by_proc_mem(void *base, size_t pages)
{
	return from_outside(proc_mem, base, pages);
}

/* Refuses where pages are out; they must be right all the same. */
static size_t collapse(void *base, size_t pages)
{
	size_t bytes = pages * PAGE_BYTES;

	madvise(base, bytes, MADV_HUGEPAGE);
	madvise(base, bytes, MADV_COLLAPSE);
	madvise(base, bytes, MADV_NOHUGEPAGE);
	return bad_pages(base, pages);
}

static size_t populate_read(void *base, size_t pages)
{
	if (madvise(base, pages * PAGE_BYTES, MADV_POPULATE_READ))
		return 1;
	return bad_pages(base, pages);
}

static size_t populate_write(void *base, size_t pages)
{
	if (madvise(base, pages * PAGE_BYTES, MADV_POPULATE_WRITE))
		return 1;
	return bad_pages(base, pages);
}

static size_t lock(void *base, size_t pages)
{
	size_t bytes = pages * PAGE_BYTES, bad;

	if (mlock(base, bytes))
		return 1;
	bad = bad_pages(base, pages);
	munlock(base, bytes);
	return bad;
}

/* The kernel reads it on our behalf. */
static size_t by_write(void *base, size_t pages)
{
	size_t bytes = pages * PAGE_BYTES, bad = 1;
	int fd = memfd_create("copy", 0);
	void *copy;

	if (fd < 0 || write(fd, base, bytes) != (ssize_t)bytes)
		goto out;
	copy = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (copy == MAP_FAILED)
		goto out;
	bad = bad_pages(copy, pages);
	munmap(copy, bytes);
out:
	close(fd);
	return bad;
}

static size_t move_and_back(void *base, size_t pages)
{
	size_t bytes = pages * PAGE_BYTES, bad;
	void *to = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	if (mremap(base, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		return 1;
	bad = bad_pages(to, pages);
	if (mremap(to, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, base) !=
	    base)
		return 1;
	return bad + bad_pages(base, pages);
}

const struct access accesses[] = {
	{ "a read", bad_pages, false },
	{ "a write", by_writing, false },
	{ "a read after mprotect", read_only, false },
	{ "an untagged fork child", in_child, true },
	{ "process_vm_readv", by_vm_readv, false },
	{ "/proc/PID/mem", by_proc_mem, false },
	{ "ptrace", access_ptrace, false },
	{ "MADV_COLLAPSE", collapse, false },
	{ "MADV_POPULATE_READ", populate_read, false },
	{ "MADV_POPULATE_WRITE", populate_write, false },
	{ "mlock", lock, false },
	{ "write()", by_write, false },
	{ "mremap", move_and_back, false },
	{ "a core dump", access_core_dump, true },
};
const size_t nr_accesses = sizeof(accesses) / sizeof(accesses[0]);

/* ---- with all pages out --------------------------------------------------------- */

static int access_main(struct child *self, void *arg)
{
	const struct access *access = arg;
	void *base = member_begin(self);

	self->shared->word[WORD_BAD] = access->run(base, EVICT_PAGES);
	child_stop_at(self, 2);
	for (;
	     !__atomic_load_n(&self->shared->word[WORD_STOP], __ATOMIC_RELAXED);
	     self->shared->word[WORD_RUNS]++) {
		/* It has its pages, and nobody else: they can be evicted. */
		if (access->shares) {
			self->shared->word[WORD_OTHER] +=
				bad_pages(base, EVICT_PAGES);
			pause_ms(ALONE_MS);
		}
		self->shared->word[WORD_OTHER] +=
			access->run(base, EVICT_PAGES);
	}
	child_stop_at(self, 3);
	return 0;
}

/* Bursts of evictions anywhere in the range, some of them stored late. */
static uint32_t evict_at_random(struct swapper *swapper, uint32_t member,
				uint64_t base)
{
	uint32_t pages = 1 + (uint32_t)random() % 64;
	uint32_t first = (uint32_t)random() % (EVICT_PAGES - pages);
	uint64_t addr = base + first * PAGE_BYTES;
	int cookie;

	if (random() % 4)
		return swapper_evict(swapper, member, addr, pages);
	cookie = swapper_take(swapper, member, addr);
	if (cookie <= 0)
		return 0;
	usleep((useconds_t)(random() % 2000));
	swapper_store(swapper, (uint32_t)cookie);
	return 1;
}

static void race(struct swapper *swapper, struct child *child, uint32_t member,
		 const struct access *access)
{
	uint64_t end = now_ms() + test_count(RACE_MS_QUICK, RACE_MS_FULL);
	uint64_t base = child->shared->word[WORD_BASE];
	uint64_t evicted = 0;

	child_let(child, 2);
	while (now_ms() < end || child->shared->word[WORD_RUNS] == 0)
		evicted += evict_at_random(swapper, member, base);
	__atomic_store_n(&child->shared->word[WORD_STOP], 1, __ATOMIC_RELAXED);
	check(child_reached(child, 3), "the member stops");
	check(child->shared->word[WORD_OTHER] == 0 && evicted > 0,
	      "%s against %llu evictions, %llu times: right", access->name,
	      (unsigned long long)evicted,
	      (unsigned long long)child->shared->word[WORD_RUNS]);
	child_let(child, 3);
}

static void run_access(struct swapper *swapper, const struct access *access)
{
	struct child child;
	uint32_t member = member_start(&child, swapper, USM_INHERIT_NONE,
				       access_main, (void *)access);

	check_eq(swapper_evict(swapper, member, child.shared->word[WORD_BASE],
			       EVICT_PAGES),
		 EVICT_PAGES, "the pages are evicted");
	child_let(&child, 1);
	check(child_reached(&child, 2), "%s comes to an end", access->name);
	check_eq(child.shared->word[WORD_BAD], 0,
		 "evicted pages are right by %s", access->name);
	race(swapper, &child, member, access);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0, "the member ends");
	check(wait_until(CHILD_LIMIT_MS, swapper_cookies(swapper) == 0),
	      "and no cookie is left");
}

void test_accesses(struct swapper *swapper, const char *only)
{
	size_t i;

	for (i = 0; i < nr_accesses; i++)
		if (!only || !strcmp(only, accesses[i].name))
			run_access(swapper, &accesses[i]);
}
