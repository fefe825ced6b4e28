/* SPDX-License-Identifier: MIT */
/* redis.h - a real program on half of what it needs, one way and another. */
#ifndef USM_BENCH_REDIS_H
#define USM_BENCH_REDIS_H

#include "bench/guest/bench.h"

/*
 * Two servers with the same commands, one evicting by fifo to a file, the
 * other by lru to packed memory, in turns for `seconds`.  Every value is
 * checked.
 */
void redis_run(struct bench *bench, unsigned int seconds);

#endif /* USM_BENCH_REDIS_H */
