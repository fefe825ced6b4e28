/* SPDX-License-Identifier: MIT */
/*
 * random.h - numbers that are the same on every run with the same seed, with
 * no state shared with libc or other threads.
 */
#ifndef USM_VM_RANDOM_H
#define USM_VM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random_state {
	uint64_t x;
};

void random_init(struct random_state *random, uint64_t seed);
uint64_t random_next(struct random_state *random);
/* 0..end - 1 */
uint32_t random_below(struct random_state *random, uint32_t end);
/* Once in so many times. */
bool random_once_in(struct random_state *random, uint32_t times);
/* Often small, sometimes at an edge, sometimes anything. */
uint64_t random_value(struct random_state *random);

#endif /* USM_VM_RANDOM_H */
