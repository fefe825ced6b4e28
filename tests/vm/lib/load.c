/* SPDX-License-Identifier: MIT */
#include "lib/load.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>

#include "lib/pattern.h"
#include "lib/wait.h"

/* Of one thread's buffer; all together they fit in every partition used. */
#define BUFFER_PAGES 256

struct thread {
	pthread_t id;
	struct child *self;
	uint64_t seed;
};

static uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void *write_and_check(void *arg)
{
	struct thread *thread = arg;
	uint64_t *word = thread->self->shared->word;
	size_t bytes = BUFFER_PAGES * PAGE_BYTES, i, bad;
	void *buffer = pattern_map(bytes);

	while (!load(&word[LOAD_STOP])) {
		for (i = 0; i < BUFFER_PAGES && !load(&word[LOAD_STOP]); i++) {
			pattern_fill_page(buffer, i, thread->seed);
			__atomic_add_fetch(&word[LOAD_PAGES], 1,
					   __ATOMIC_RELAXED);
		}
		bad = pattern_bad(buffer, 0, i, 1, thread->seed);
		__atomic_add_fetch(&word[LOAD_BAD], bad, __ATOMIC_RELAXED);
		madvise(buffer, bytes, MADV_DONTNEED);
	}
	munmap(buffer, bytes);
	return NULL;
}

int load_main(struct child *self, void *arg)
{
	struct thread thread[LOAD_THREADS];
	uint64_t i;

	(void)arg;
	for (i = 0; i < LOAD_THREADS; i++) {
		thread[i] = (struct thread){ .self = self, .seed = i + 1 };
		if (pthread_create(&thread[i].id, NULL, write_and_check,
				   &thread[i]))
			return 2;
	}
	for (i = 0; i < LOAD_THREADS; i++)
		pthread_join(thread[i].id, NULL);
	return self->shared->word[LOAD_BAD] != 0;
}

uint64_t load_pages(const struct child *child)
{
	return load(&child->shared->word[LOAD_PAGES]);
}

bool load_moves_on(const struct child *child, uint64_t more,
		   unsigned int limit_ms)
{
	uint64_t aim = load_pages(child) + more;

	return wait_until(limit_ms, load_pages(child) >= aim);
}

int load_end(struct child *child, unsigned int limit_ms)
{
	__atomic_store_n(&child->shared->word[LOAD_STOP], 1, __ATOMIC_RELAXED);
	return child_end(child, limit_ms);
}
