/* SPDX-License-Identifier: MIT */
/*
 * handler.h - a userfaultfd handler as others write it: a process that polls,
 * reads one event, and copies a page.
 */
#ifndef USM_BENCH_HANDLER_H
#define USM_BENCH_HANDLER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Registers [base, base + bytes) of the calling process and forks the handler,
 * which counts in *handled (shared memory).  0 or -errno.
 */
int handler_start(char *base, size_t bytes, uint64_t *handled, pid_t *pid);

#endif /* USM_BENCH_HANDLER_H */
