/* SPDX-License-Identifier: MIT */
#include "loss/walker.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "lib/check.h"
#include "lib/fault.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "loss/loss.h"

/* Between two tries of a page that ended in SIGBUS. */
#define TRY_AGAIN_MS 5

/* A signal handler has no argument. */
static uint64_t *signals;

static void on_signal(int signal)
{
	(void)signal;
	__atomic_add_fetch(signals, 1, __ATOMIC_RELAXED);
}

uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static bool stopping(const uint64_t *word)
{
	return __atomic_load_n(&word[WALKER_STOP], __ATOMIC_RELAXED);
}

static void write_page(uint64_t *word, char *buffer, size_t page)
{
	uint64_t start = now_us(), took;

	while (store_faults(buffer + page * PAGE_BYTES) && !stopping(word)) {
		__atomic_add_fetch(&word[WALKER_BUSES], 1, __ATOMIC_RELAXED);
		pause_ms(TRY_AGAIN_MS);
	}
	if (stopping(word))
		return;
	pattern_fill_page(buffer, page, 70);
	took = now_us() - start;
	if (took > __atomic_load_n(&word[WALKER_WORST_US], __ATOMIC_RELAXED))
		__atomic_store_n(&word[WALKER_WORST_US], took,
				 __ATOMIC_RELAXED);
	__atomic_store_n(&word[WALKER_STAMP_US], start + took,
			 __ATOMIC_RELAXED);
	__atomic_add_fetch(&word[WALKER_PAGES], 1, __ATOMIC_RELEASE);
}

int walker_main(struct child *self, void *options)
{
	const struct sigaction action = { .sa_handler = on_signal };
	const struct walker_options *walk = options;
	uint64_t *word = self->shared->word;
	char *buffer = pattern_map(walk->pages * PAGE_BYTES);
	size_t i = 0, bad = 0;

	signals = &word[WALKER_SIGNALS];
	sigaction(SIGUSR1, &action, NULL);
	store_faults(NULL);
	child_stop_at(self, WALKER_BOUND);
	word[WALKER_BASE] = (uint64_t)(uintptr_t)buffer;
	while (!stopping(word)) {
		for (i = 0; i < walk->pages && !stopping(word); i++) {
			write_page(word, buffer, i);
			if (walk->pause_ms)
				pause_ms(walk->pause_ms);
		}
		if (stopping(word))
			break;
		bad += pattern_bad(buffer, 0, i, 1, 70);
		madvise(buffer, walk->pages * PAGE_BYTES, MADV_DONTNEED);
	}
	return bad != 0;
}

void walker_start(struct child *child, const struct walker_options *options)
{
	child_start(child, walker_main, (void *)(uintptr_t)options);
	child_let(child, 0);
	require(child_reached(child, WALKER_BOUND), "a tenant starts");
}

uint64_t walker_word(const struct child *child, unsigned int word)
{
	return __atomic_load_n(&child->shared->word[word], __ATOMIC_ACQUIRE);
}

bool walker_moves_on(const struct child *child, uint64_t more,
		     unsigned int limit_ms)
{
	uint64_t aim = walker_word(child, WALKER_PAGES) + more;

	return wait_until(limit_ms, walker_word(child, WALKER_PAGES) >= aim);
}

bool walker_stands(const struct child *child, unsigned int ms)
{
	uint64_t before = walker_word(child, WALKER_PAGES);

	pause_ms(ms);
	return walker_word(child, WALKER_PAGES) == before;
}

int walker_end(struct child *child)
{
	__atomic_store_n(&child->shared->word[WALKER_STOP], 1,
			 __ATOMIC_RELAXED);
	return child_end(child, CHILD_LIMIT_MS);
}
