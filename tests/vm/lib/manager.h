/* SPDX-License-Identifier: MIT */
/* manager.h - a usm-manager under the test's control. */
#ifndef USM_VM_MANAGER_H
#define USM_VM_MANAGER_H

#include <sys/types.h>

/*
 * Starts one with its own socket and state directory and waits until it is the
 * waker; ends the program when it does not.  `dev`: the device.
 */
pid_t manager_start(int dev);

/* SIGTERM; its exit code. */
int manager_stop(pid_t manager);

#endif /* USM_VM_MANAGER_H */
