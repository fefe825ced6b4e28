/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "lib/check.h"
#include "lib/pagemap.h"
#include "lib/partition.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "overcommit.h"

#define THREADS_MAX 8

/* Half of all accesses go to this part of the pages. */
#define HOT_SHARE 8

struct work {
	pthread_t id;
	struct child *self;
	void *buffer;
	uint32_t *version; /* of each page */
	size_t first, pages, step; /* its own pages: first, first + step, … */
	uint64_t random;
};

static uint64_t next_random(struct work *work)
{
	work->random ^= work->random << 13;
	work->random ^= work->random >> 7;
	work->random ^= work->random << 17;
	return work->random;
}

static size_t pick_page(struct work *work)
{
	size_t mine = work->pages / work->step;

	if (next_random(work) % 2)
		mine /= HOT_SHARE;
	return work->first + next_random(work) % mine * work->step;
}

static void count(const struct work *work, unsigned int which, uint64_t by)
{
	__atomic_add_fetch(&work->self->shared->word[which], by,
			   __ATOMIC_RELAXED);
}

static void check_page(const struct work *work, size_t page)
{
	count(work, WORD_BAD,
	      pattern_bad_page(work->buffer, page, work->version[page]));
	count(work, WORD_STEPS, 1);
}

static void write_page(const struct work *work, size_t page)
{
	pattern_fill_page(work->buffer, page, ++work->version[page]);
	count(work, WORD_STEPS, 1);
}

static void *fill(void *arg)
{
	const struct work *work = arg;
	size_t page;

	for (page = work->first; page < work->pages; page += work->step)
		write_page(work, page);
	return NULL;
}

static void *use(void *arg)
{
	struct work *work = arg;
	size_t page;

	while (!__atomic_load_n(&work->self->shared->word[WORD_STOP],
				__ATOMIC_RELAXED)) {
		page = pick_page(work);
		check_page(work, page);
		if (next_random(work) % 2)
			write_page(work, page);
	}
	for (page = work->first; page < work->pages; page += work->step)
		check_page(work, page);
	return NULL;
}

static int run_threads(struct work *work, unsigned int nr,
		       void *(*main)(void *))
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (pthread_create(&work[i].id, NULL, main, &work[i]))
			return -1;
	for (i = 0; i < nr; i++)
		pthread_join(work[i].id, NULL);
	return 0;
}

int tenant_main(struct child *self, void *arg)
{
	const struct tenant *tenant = arg;
	struct work work[THREADS_MAX] = { 0 };
	void *buffer = pattern_map(tenant->pages * PAGE_BYTES);
	/* Shared, so that it does not share the fate of what it describes. */
	uint32_t *version =
		mmap(NULL, tenant->pages * sizeof(*version),
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	if (version == MAP_FAILED)
		return 2;
	for (i = 0; i < tenant->threads; i++)
		work[i] = (struct work){
			.self = self,
			.buffer = buffer,
			.version = version,
			.first = i,
			.pages = tenant->pages,
			.step = tenant->threads,
			.random = i + 1,
		};
	self->shared->word[WORD_BASE] = (uintptr_t)buffer;
	if (run_threads(work, tenant->threads, fill))
		return 2;
	child_stop_at(self, 1);
	if (run_threads(work, tenant->threads, use))
		return 2;
	return self->shared->word[WORD_BAD] != 0;
}

void tenant_start(struct child *child, const struct instance *instance,
		  const struct tenant *tenant)
{
	child_start(child, tenant_main, (void *)tenant);
	require(child_reached(child, 0) &&
			!instance_bind(instance, child, NULL),
		"a tenant is bound");
	child_let(child, 0);
	require(child_reached(child, 1), "it fills twice its partition");
}

bool tenant_moves_on(const struct child *child, uint64_t more,
		     unsigned int limit_ms)
{
	const uint64_t *steps = &child->shared->word[WORD_STEPS];
	uint64_t aim = __atomic_load_n(steps, __ATOMIC_RELAXED) + more;

	return wait_until(limit_ms,
			  __atomic_load_n(steps, __ATOMIC_RELAXED) >= aim);
}

void tenant_end(struct child *child, const char *what)
{
	uint64_t steps;

	__atomic_store_n(&child->shared->word[WORD_STOP], 1, __ATOMIC_RELAXED);
	steps = child->shared->word[WORD_STEPS];
	check_eq(child_end(child, CHILD_LIMIT_MS), 0,
		 "%s: every word was right", what);
	test_note("%s: %llu pages checked or written", what,
		  (unsigned long long)steps);
}

void tenant_check_places(const struct child *child,
			 const struct instance *instance,
			 const struct tenant *tenant, const char *what)
{
	uint64_t base = child->shared->word[WORD_BASE];
	struct partition partition;
	struct placement place;
	struct pages pages;

	/* A frame may have another page before the last one is looked at. */
	if (!process_stop(child->pid))
		require(false, "%s: the tenant stops for a moment", what);
	if (pages_read_range(child->pid, base,
			     base + tenant->pages * PAGE_BYTES, &pages))
		require(false, "%s: its page tables can be read", what);
	if (partition_read(instance->pid, &partition))
		require(false, "%s: the partition can be read", what);
	kill(child->pid, SIGCONT);
	pages_place(&pages, &partition, &place);
	check(place.own && place.own <= partition.owned,
	      "%s: %zu of %zu pages are in the partition of %u frames", what,
	      place.own, tenant->pages, partition.owned);
	check(!place.foreign && !place.outside && !place.twice,
	      "%s: %zu are elsewhere in the pool, %zu outside, %zu in a frame of another",
	      what, place.foreign, place.outside, place.twice);
	partition_free(&partition);
	pages_free(&pages);
}
