/* SPDX-License-Identifier: MIT */
/* worker.h - the thread that answers the benchmark's upcalls. */
#ifndef USM_BENCH_WORKER_H
#define USM_BENCH_WORKER_H

#include "bench/guest/policy.h"

/* Starts it on the CPU, asleep. 0 or -errno. */
int worker_start(struct policy *policy, int cpu);

/* Of one that was started. */
void worker_stop(struct policy *policy);

#endif /* USM_BENCH_WORKER_H */
