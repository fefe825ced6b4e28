/* SPDX-License-Identifier: MIT */
/*
 * untagged.h - what a process pays that has nothing to do with USM: the same
 * faults with the module loaded, its hooks live, and without it.
 */
#ifndef USM_BENCH_UNTAGGED_H
#define USM_BENCH_UNTAGGED_H

#include "bench/guest/bench.h"

/* Loads the module and unloads it, again and again. Module not loaded before. */
void untagged_run(struct bench *bench, const char *module, unsigned int cycles);

#endif /* USM_BENCH_UNTAGGED_H */
