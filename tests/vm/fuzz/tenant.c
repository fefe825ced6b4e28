/* SPDX-License-Identifier: MIT */
/*
 * A tenant of a policy that gives back anything but what it took: it does not
 * look at what it reads, and may die of it, which the test expects.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "lib/pattern.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define CHILDREN_MAX 3
#define CHILD_STEPS 40
/* Pages of one operation. */
#define RUN_MAX 32

static sigjmp_buf again;
static int ends[2];

static void *const region = (void *)REGION_ADDR;

static void bad_access(int signal)
{
	siglongjmp(again, signal);
}

static void map_all(void)
{
	if (mmap(region, REGION_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		_exit(4);
}

struct run {
	char *at;
	size_t pages;
	size_t bytes;
};

static struct run some_run(struct random_state *random)
{
	struct run run;

	run.pages = 1 + random_below(random, RUN_MAX);
	run.at = (char *)region +
		 random_below(random, REGION_PAGES - (uint32_t)run.pages) *
			 PAGE_BYTES;
	run.bytes = run.pages * PAGE_BYTES;
	return run;
}

static void write_run(struct run run, uint64_t value)
{
	size_t i;

	for (i = 0; i < run.pages; i++)
		*(volatile uint64_t *)(run.at + i * PAGE_BYTES) = value;
}

static void read_run(struct run run)
{
	size_t i;

	for (i = 0; i < run.pages; i++)
		(void)*(volatile uint64_t *)(run.at + i * PAGE_BYTES);
}

/* As a debugger would, and a pipe. */
static void read_remotely(struct run run)
{
	char buffer[64];
	struct iovec to = { buffer, sizeof(buffer) };
	struct iovec from = { run.at, sizeof(buffer) };

	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) < 0 ||
	    write(ends[1], run.at, 64) != 64)
		return;
	if (read(ends[0], run.at, 64) < 0)
		return;
}

static void pin(struct run run)
{
	struct iovec from = { run.at, run.bytes };
	char buffer[PAGE_BYTES];

	if (vmsplice(ends[1], &from, 1, SPLICE_F_NONBLOCK) <= 0)
		return;
	while (read(ends[0], buffer, sizeof(buffer)) > 0)
		;
}

static void move(struct random_state *random, struct run run)
{
	struct run to = some_run(random);

	if (run.pages > to.pages)
		run.bytes = to.bytes;
	(void)mremap(run.at, run.bytes, run.bytes,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to.at);
	(void)mmap(run.at, run.bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void advise(struct random_state *random, struct run run)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_FREE,	   MADV_COLD,
		MADV_PAGEOUT,  MADV_HUGEPAGE,	   MADV_NOHUGEPAGE,
		MADV_COLLAPSE, MADV_MERGEABLE,	   MADV_UNMERGEABLE,
		MADV_DONTFORK, MADV_WIPEONFORK,	   MADV_KEEPONFORK,
		MADV_DOFORK,   MADV_POPULATE_READ, MADV_POPULATE_WRITE,
	};

	madvise(run.at, run.bytes,
		advice[random_below(random,
				    sizeof(advice) / sizeof(advice[0]))]);
}

static void step(struct random_state *random)
{
	struct run run = some_run(random);

	switch (random_below(random, 16)) {
	case 0 ... 4:
		write_run(run, random_next(random));
		break;
	case 5 ... 6:
		read_run(run);
		break;
	case 7:
		read_remotely(run);
		break;
	case 8:
		pin(run);
		break;
	case 9:
		(void)mmap(run.at, run.bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	case 10 ... 11:
		advise(random, run);
		break;
	case 12:
		move(random, run);
		break;
	case 13:
		mprotect(run.at, run.bytes,
			 random_once_in(random, 2) ? PROT_READ
						   : PROT_READ | PROT_WRITE);
		break;
	case 14:
		if (random_once_in(random, 2))
			mlock(run.at, run.bytes);
		else
			munlock(run.at, run.bytes);
		break;
	default:
		if (random_once_in(random, 8))
			map_all();
		break;
	}
}

/* In a child: a while, and then it ends or becomes another program. */
static void live_shortly(struct random_state *random, uint64_t seed)
{
	volatile uint32_t i = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	random_init(random, seed);
	if (sigsetjmp(again, 1))
		i++;
	for (; i < CHILD_STEPS; i++)
		step(random);
	if (random_once_in(random, 8))
		execl("/bin/true", "true", NULL);
	_exit(0);
}

static void have_children(struct random_state *random, uint32_t *children)
{
	uint64_t seed = random_next(random);
	pid_t pid;

	while (waitpid(-1, NULL, *children < CHILDREN_MAX ? WNOHANG : 0) > 0)
		*children -= *children > 0;
	pid = fork();
	if (!pid)
		live_shortly(random, seed);
	*children += pid > 0;
}

int tenant_main(struct child *self, void *arg)
{
	static struct random_state random;
	static uint32_t children;
	struct sigaction action = {
		.sa_handler = bad_access,
		.sa_flags = SA_NODEFER,
	};

	(void)arg;
	/* Leftovers of others on its stack must not act with root's rights. */
	if (become_nobody() || prctl(PR_SET_DUMPABLE, 1) ||
	    pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return 2;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	random_init(&random, self->shared->word[TENANT_SEED]);
	map_all();
	child_stop_at(self, 1);
	if (sigsetjmp(again, 1))
		self->shared->word[TENANT_FAULTS]++;
	for (;;) {
		self->shared->word[TENANT_STEPS]++;
		if (random_once_in(&random, 24))
			have_children(&random, &children);
		else
			step(&random);
	}
	return 0;
}
