/* SPDX-License-Identifier: MIT */
/* cpu.h - who runs where. */
#ifndef USM_BENCH_CPU_H
#define USM_BENCH_CPU_H

#include <stdbool.h>
#include <sys/types.h>

/* Binds a task (0: the caller) to one CPU. 0 or -errno. */
int cpu_pin(pid_t task, int cpu);

/* Lets the caller run anywhere again. */
void cpu_unpin(void);

/* How many are online. */
int cpu_count(void);

/* Takes a CPU off line, or back. 0 or -errno. */
int cpu_set_online(int cpu, bool online);

#endif /* USM_BENCH_CPU_H */
