/* SPDX-License-Identifier: MIT */
#include "bench/guest/toucher.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/guest/clock.h"
#include "bench/guest/cpu.h"
#include "bench/guest/futex.h"
#include "bench/guest/handler.h"
#include "bench/marker.h"

#define PAGE_BYTES 4096UL
#define REGION_BYTES (TOUCH_PAGES_MAX * PAGE_BYTES)
#define REGION_ALIGN (2UL << 20)

/* What is left in the first word of a touched page. */
#define MARK 0x746f756368ULL

enum turn {
	TURN_TEST = 0,
	TURN_TOUCHER = 1,
};

enum command {
	COMMAND_TOUCH,
	COMMAND_CHECK,
	COMMAND_RESET,
	COMMAND_END,
};

struct toucher_shared {
	uint32_t turn;
	int32_t error; /* of getting ready */
	int32_t cpu;
	enum bench_measure measure;
	bool with_handler;
	pid_t handler;
	uint64_t handled; /* by the handler, so far */
	char *base[REGIONS];

	enum command command;
	enum touch_region region;
	uint32_t pages;
	struct touched touched;
	uint64_t handled_now;
	uint64_t wrong;
};

static char *map_region(enum touch_region region)
{
	char *start =
		mmap(NULL, REGION_BYTES + REGION_ALIGN, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		return NULL;
	start += -(uintptr_t)start % REGION_ALIGN;
	if (madvise(start, REGION_BYTES,
		    region == REGION_LARGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		return NULL;
	return start;
}

static uint64_t faults_so_far(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)(usage.ru_minflt + usage.ru_majflt);
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void touch(struct toucher_shared *shared, char *base)
{
	uint64_t faults = faults_so_far(), handled = load(&shared->handled);
	enum bench_measure measure = shared->measure;
	uint32_t pages = shared->pages, i;
	uint64_t start = clock_now(measure);

	marker(MARKER_BEGIN);
	for (i = 0; i < pages; i++)
		*(volatile uint64_t *)(base + i * PAGE_BYTES) = MARK;
	marker(MARKER_END);
	shared->touched.took = clock_now(measure) - start;
	shared->touched.faults = faults_so_far() - faults;
	shared->handled_now = load(&shared->handled) - handled;
}

static bool is_wrong(const uint64_t *page)
{
	size_t i;

	if (page[0] != MARK)
		return true;
	for (i = 1; i < PAGE_BYTES / sizeof(*page); i++)
		if (page[i])
			return true;
	return false;
}

static uint64_t count_wrong(const char *base, uint32_t pages)
{
	uint64_t wrong = 0;
	uint32_t i;

	for (i = 0; i < pages; i++)
		wrong += is_wrong((const void *)(base + i * PAGE_BYTES));
	return wrong;
}

static int get_ready(struct toucher_shared *shared)
{
	int region, err = cpu_pin(0, shared->cpu);

	for (region = 0; region < REGIONS && !err; region++) {
		shared->base[region] = map_region(region);
		if (!shared->base[region])
			return -ENOMEM;
	}
	if (err)
		return err;
	/* What a touch itself needs is there from here on. */
	shared->pages = 1;
	touch(shared, shared->base[REGION_SMALL]);
	madvise(shared->base[REGION_SMALL], REGION_BYTES, MADV_DONTNEED);
	if (shared->with_handler)
		err = handler_start(shared->base[REGION_SMALL], REGION_BYTES,
				    &shared->handled, &shared->handler);
	return err;
}

static void obey(struct toucher_shared *shared)
{
	char *base = shared->base[shared->region];

	switch (shared->command) {
	case COMMAND_TOUCH:
		touch(shared, base);
		break;
	case COMMAND_CHECK:
		shared->wrong = count_wrong(base, shared->pages);
		break;
	case COMMAND_RESET:
		madvise(base, REGION_BYTES, MADV_DONTNEED);
		break;
	case COMMAND_END:
		_exit(0);
	}
}

static void run(struct toucher_shared *shared)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	shared->error = get_ready(shared);
	for (;;) {
		futex_set(&shared->turn, TURN_TEST);
		futex_until(&shared->turn, TURN_TOUCHER);
		obey(shared);
	}
}

int toucher_start(struct toucher *toucher, int cpu, enum bench_measure measure,
		  bool with_handler)
{
	struct toucher_shared *shared =
		mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (shared == MAP_FAILED)
		return -errno;
	shared->turn = TURN_TOUCHER;
	shared->cpu = cpu;
	shared->measure = measure;
	shared->with_handler = with_handler;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		run(shared);
	futex_until(&shared->turn, TURN_TEST);
	if (shared->error)
		return shared->error;
	*toucher = (struct toucher){
		.pid = pid,
		.handler = shared->handler,
		.shared = shared,
	};
	return 0;
}

static void command(struct toucher *toucher, enum command what,
		    enum touch_region region, uint32_t pages)
{
	struct toucher_shared *shared = toucher->shared;

	shared->command = what;
	shared->region = region;
	shared->pages = pages;
	futex_set(&shared->turn, TURN_TOUCHER);
	if (what != COMMAND_END)
		futex_until(&shared->turn, TURN_TEST);
}

void toucher_end(struct toucher *toucher)
{
	if (!toucher->pid)
		return;
	if (toucher->handler)
		kill(toucher->handler, SIGKILL);
	command(toucher, COMMAND_END, REGION_SMALL, 0);
	waitpid(toucher->pid, NULL, 0);
	munmap(toucher->shared, sizeof(*toucher->shared));
	*toucher = (struct toucher){ 0 };
}

uint64_t toucher_base(const struct toucher *toucher, enum touch_region region)
{
	return (uintptr_t)toucher->shared->base[region];
}

void toucher_touch(struct toucher *toucher, enum touch_region region,
		   uint32_t pages, struct touched *out)
{
	command(toucher, COMMAND_TOUCH, region, pages);
	*out = toucher->shared->touched;
}

uint64_t toucher_handled(const struct toucher *toucher)
{
	return toucher->shared->handled_now;
}

uint64_t toucher_wrong(struct toucher *toucher, enum touch_region region,
		       uint32_t pages)
{
	command(toucher, COMMAND_CHECK, region, pages);
	return toucher->shared->wrong;
}

void toucher_reset(struct toucher *toucher, enum touch_region region)
{
	command(toucher, COMMAND_RESET, region, 0);
}
