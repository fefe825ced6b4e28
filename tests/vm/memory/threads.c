/* SPDX-License-Identifier: MIT */
/* Several threads fault at once; a process is bound while its thread writes. */
#include <errno.h>
#include <pthread.h>

#include "lib/check.h"
#include "memory/scenario.h"

#define THREADS 4

struct thread {
	pthread_t id;
	void *buffer;
	size_t index;
	size_t pages;
	size_t bad;
};

/* Each its own pages, neighbours of the others': faults of one page table. */
static void *work(void *arg)
{
	struct thread *thread = arg;

	pattern_fill(thread->buffer, thread->index, thread->pages, THREADS, 2);
	thread->bad = pattern_bad(thread->buffer, thread->index, thread->pages,
				  THREADS, 2);
	return NULL;
}

static int threads(struct child *self, void *arg)
{
	const struct scene *scene = arg;
	size_t pages = scene->pages;
	void *buffer = pattern_map(pages * PAGE_BYTES);
	struct thread thread[THREADS];
	size_t bad = 0, i;

	(void)self;
	for (i = 0; i < THREADS; i++) {
		thread[i] = (struct thread){ .buffer = buffer,
					     .index = i,
					     .pages = pages };
		if (pthread_create(&thread[i].id, NULL, work, &thread[i]))
			return 2;
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i].id, NULL);
		bad += thread[i].bad;
	}
	bad += pattern_bad(buffer, 0, pages, 1, 2);
	return bad != 0;
}

const struct scenario scenario_threads = { "threads", true, threads, NULL };

#define STEP_STARTED 1
#define STEP_BOUND 2
/* Pages written before the test may bind, and those for after it. */
#define RUNNING_FIRST(pages) ((pages) / 4)
#define RUNNING_LAST(pages) (3 * (pages) / 4)
#define WORD_PAGES 1

/* Never stops for the binding itself. */
static void *write_on(void *arg)
{
	struct child *self = arg;
	void *buffer = (void *)(uintptr_t)self->shared->word[WORD_BUFFER];
	size_t pages = self->shared->word[WORD_PAGES], i;

	for (i = 0; i < pages; i++) {
		pattern_fill_page(buffer, i, 3);
		if (i == RUNNING_FIRST(pages))
			__atomic_store_n(&self->shared->reached,
					 STEP_STARTED + 1, __ATOMIC_RELEASE);
		if (i == RUNNING_LAST(pages))
			child_stop_at(self, STEP_BOUND);
	}
	return NULL;
}

static int running(struct child *self, void *arg)
{
	const struct scene *scene = arg;
	size_t pages = scene->pages;
	void *buffer = pattern_map(pages * PAGE_BYTES);
	pthread_t id;

	self->shared->word[WORD_PAGES] = pages;
	self->shared->word[WORD_BUFFER] = (uintptr_t)buffer;
	if (pthread_create(&id, NULL, write_on, self))
		return 2;
	pthread_join(id, NULL);
	return pattern_bad(buffer, 0, pages, 1, 3) != 0;
}

static void bind_running(const struct scene *scene, struct child *child)
{
	uint32_t member;

	child_let(child, 0);
	require(child_reached(child, STEP_STARTED),
		"running: writes before it is bound");
	check_eq(instance_bind(scene->instance, child, &member), 0,
		 "running: binds while it writes");
	check_eq(instance_bind(scene->instance, child, &member), -EBUSY,
		 "running: a second binding is refused");
	child_let(child, STEP_BOUND);
}

const struct scenario scenario_running = { "running", true, running,
					   bind_running };
