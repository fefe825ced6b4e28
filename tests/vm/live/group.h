/* SPDX-License-Identifier: MIT */
/* group.h - a cgroup of its own for a process, and what it is charged. */
#ifndef USM_VM_GROUP_H
#define USM_VM_GROUP_H

#include <stdint.h>
#include <sys/types.h>

/* Makes it and moves the process there; ends the program when it cannot. */
void group_make(pid_t pid);
/* memory.current, in bytes. */
int64_t group_charged(void);
/* memory.max; 0: none. */
void group_limit(uint64_t bytes);
/* Processes of it that the OOM killer killed. */
int64_t group_killed(void);
/* Once it is empty. */
void group_remove(void);

#endif /* USM_VM_GROUP_H */
