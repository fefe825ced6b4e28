/* SPDX-License-Identifier: MIT */
/*
 * pid.h - process numbers as clients write them.
 */
#ifndef USM_CONTROLPLANE_PID_H
#define USM_CONTROLPLANE_PID_H

#include <sys/types.h>

/* Linux hands out no number above this on 64-bit machines (PID_MAX_LIMIT). */
#define USM_PID_MAX 4194304

/* Plain decimal from 1 to USM_PID_MAX.  -EINVAL; *pid untouched on failure. */
int usm_pid_parse(const char *text, pid_t *pid);

#endif /* USM_CONTROLPLANE_PID_H */
