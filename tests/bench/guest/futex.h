/* SPDX-License-Identifier: MIT */
/* futex.h - a word in shared memory to sleep on. */
#ifndef USM_BENCH_FUTEX_H
#define USM_BENCH_FUTEX_H

#include <limits.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Returns, at the latest, when the word is not `seen` any more and was rung. */
static inline void futex_wait(uint32_t *word, uint32_t seen)
{
	syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static inline void futex_set(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static inline void futex_until(uint32_t *word, uint32_t wanted)
{
	uint32_t seen;

	while ((seen = __atomic_load_n(word, __ATOMIC_ACQUIRE)) != wanted)
		futex_wait(word, seen);
}

#endif /* USM_BENCH_FUTEX_H */
