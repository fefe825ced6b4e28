/* SPDX-License-Identifier: MIT */
/* kernel_log.h - what the kernel has said since a certain moment. */
#ifndef USM_VM_KERNEL_LOG_H
#define USM_VM_KERNEL_LOG_H

#include <stdbool.h>

/* From now on; a descriptor for the function below, or -errno. */
int kernel_log_open(void);

/* Does a line since then hold the text? Closes the descriptor. */
bool kernel_log_has(int log, const char *text);

#endif /* USM_VM_KERNEL_LOG_H */
