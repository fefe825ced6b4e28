/* SPDX-License-Identifier: MIT */
/*
 * exit_reason.h - how a process ended, in words.
 */
#ifndef USM_MANAGER_EXIT_REASON_H
#define USM_MANAGER_EXIT_REASON_H

#include <signal.h>
#include <stddef.h>

/* Describes what waitid() said: "killed by SIGKILL", "exited with status 1". */
void usm_exit_reason(const siginfo_t *info, char *text, size_t size);

#endif /* USM_MANAGER_EXIT_REASON_H */
