/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "live/live.h"

#define THREADS 3
#define MOVES_ON_LIMIT_MS 60000
#define HUGE_BYTES (2 * MIB)
/* Bit of /proc/kpageflags. */
#define KPF_LRU 5

struct worker {
	pthread_t thread;
	struct child *self;
	char *memory;
	size_t pages;
	size_t index;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	uint64_t *word = worker->self->shared->word;
	uint64_t seed = 1;
	size_t i, bad;

	while (!__atomic_load_n(&word[WORK_STOP], __ATOMIC_RELAXED)) {
		for (i = worker->index; i < worker->pages; i += THREADS) {
			bad = pattern_bad_page(worker->memory, i, seed);
			if (bad)
				__atomic_add_fetch(&word[WORK_BAD], bad,
						   __ATOMIC_RELAXED);
			pattern_fill_page(worker->memory, i, seed + 1);
		}
		seed++;
		if (worker->index == 0)
			__atomic_add_fetch(&word[WORK_ROUNDS], 1,
					   __ATOMIC_RELAXED);
	}
	return NULL;
}

static char *map_file(size_t bytes)
{
	int fd = memfd_create("work", MFD_CLOEXEC);
	void *p;

	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		return NULL;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static char *map_huge(size_t bytes)
{
	char *p = mmap(NULL, bytes + HUGE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	p += -(uintptr_t)p % HUGE_BYTES;
	return madvise(p, bytes, MADV_HUGEPAGE) ? NULL : p;
}

static char *map(enum work_kind kind, size_t bytes)
{
	char *p;

	switch (kind) {
	case WORK_HUGE:
		return map_huge(bytes);
	case WORK_FILE:
		return map_file(bytes);
	case WORK_LOCKED:
		p = pattern_map(bytes);
		return mlock(p, bytes) ? NULL : p;
	case WORK_SMALL:
		break;
	}
	return pattern_map(bytes);
}

int work_main(struct child *self, void *arg)
{
	uint64_t *word = self->shared->word;
	struct worker workers[THREADS];
	size_t i, pages = word[WORK_PAGES];
	char *memory = map(word[WORK_KIND], pages * PAGE_BYTES);

	(void)arg;
	if (!memory)
		return 3;
	word[WORK_ADDR] = (uintptr_t)memory;
	pattern_fill(memory, 0, pages, 1, 1);
	child_stop_at(self, 1);
	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .self = self,
					      .memory = memory,
					      .pages = pages,
					      .index = i };
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return 2;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	return word[WORK_BAD] ? 1 : 0;
}

void work_start_kind(struct child *child, enum work_kind kind, size_t pages)
{
	child_start(child, work_main, NULL);
	child->shared->word[WORK_PAGES] = pages;
	child->shared->word[WORK_KIND] = kind;
}

void work_start(struct child *child, const struct raw_daemon *daemon,
		size_t pages)
{
	uint32_t member;

	work_start_kind(child, WORK_SMALL, pages);
	require(!usm_client_bind(daemon->dev, daemon->claim.instance,
				 child->pidfd, USM_INHERIT_ALL, &member),
		"a worker is bound");
}

void work_go(struct child *child)
{
	child_let(child, 0);
	require(child_reached(child, 1), "it has written its memory");
	child_let(child, 1);
	check(work_moves_on(child), "it is at work");
}

bool work_moves_on(const struct child *child)
{
	uint64_t *rounds = &child->shared->word[WORK_ROUNDS];
	uint64_t before = __atomic_load_n(rounds, __ATOMIC_RELAXED);

	return wait_until(MOVES_ON_LIMIT_MS,
			  __atomic_load_n(rounds, __ATOMIC_RELAXED) >
				  before + 1);
}

void work_end(struct child *child, const char *what)
{
	uint64_t *word = child->shared->word;

	__atomic_store_n(&word[WORK_STOP], 1, __ATOMIC_RELAXED);
	check_eq(word[WORK_BAD], 0, "%s: no page was ever wrong", what);
	check_eq(child_end(child, CHILD_LIMIT_MS), 0, "%s: it ends well", what);
}

static bool in_extents(const struct usm_extents *extents, uint64_t frame)
{
	uint32_t i;

	for (i = 0; i < extents->nr_extents; i++)
		if (frame - extents->extents[i].first <
			    extents->extents[i].frames &&
		    frame >= extents->extents[i].first)
			return true;
	return false;
}

void work_places(const struct child *child, const struct raw_daemon *daemon,
		 struct work_places *out)
{
	const uint64_t *word = child->shared->word;
	struct usm_extents extents = { 0 };
	struct usm_info info = { 0 };
	struct pages pages;
	int flags;
	size_t i;

	memset(out, 0, sizeof(*out));
	require(!usm_client_extents(daemon->dev, daemon->claim.instance,
				    &extents) &&
			!usm_client_info(daemon->dev, &info),
		"the extents are read");
	require(!pages_read_range(child->pid, word[WORK_ADDR],
				  word[WORK_ADDR] +
					  word[WORK_PAGES] * PAGE_BYTES,
				  &pages),
		"its pagemap is read");
	out->present = pages.nr;
	flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	for (i = 0; i < pages.nr; i++) {
		uint64_t flag = 0;
		uint64_t frame = pages.at[i].pfn - info.base_pfn;

		if (pread(flags, &flag, sizeof(flag),
			  (off_t)(pages.at[i].pfn * sizeof(flag))) ==
		    sizeof(flag))
			out->listed += flag >> KPF_LRU & 1;
		if (pages.at[i].pfn < info.base_pfn ||
		    frame >= info.pool_frames)
			continue;
		out->pool++;
		out->own += in_extents(&extents, frame);
	}
	close(flags);
	pages_free(&pages);
}

/* The sum of the lines "FIELD: N kB" of a file in /proc/PID. */
static long sum_kb(pid_t pid, const char *name, const char *field)
{
	char path[64], line[256];
	size_t length = strlen(field);
	long kb, sum = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, field, length) && line[length] == ':' &&
		    sscanf(line + length + 1, "%ld", &kb) == 1)
			sum += kb;
	fclose(file);
	return sum;
}

long smaps_kb(pid_t pid, const char *field)
{
	return sum_kb(pid, "smaps", field);
}

long status_kb(pid_t pid, const char *field)
{
	return sum_kb(pid, "status", field);
}
