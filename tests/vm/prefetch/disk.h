/* SPDX-License-Identifier: MIT */
/*
 * disk.h - a real disk that takes its time: a block device of the kernel's own
 * (null_blk, memory behind it) whose every request completes DISK_DELAY_MS
 * after it began, any number side by side, with a file system for swap files.
 */
#ifndef USM_VM_PREFETCH_DISK_H
#define USM_VM_PREFETCH_DISK_H

#include <stdint.h>

#define DISK_DELAY_MS 5

/* Makes it and mounts it at INSTANCE_SWAP_DIR.  0, or -errno of what failed. */
int disk_open(void);

/* Unmounts it and takes it away; what uses it must have ended.  0 or -errno. */
int disk_close(void);

/* What was written is on the disk, and nothing of it in memory any more. */
int disk_forget(void);

/* Requests to read so far. */
uint64_t disk_reads(void);

#endif /* USM_VM_PREFETCH_DISK_H */
