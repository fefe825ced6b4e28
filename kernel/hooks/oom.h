/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames do not make a process a candidate of the OOM killer: killing it would
 * give them back to their instance, not to the kernel that is out of memory.
 * The process's RSS itself stays as it is.
 */
#ifndef USM_OOM_H
#define USM_OOM_H

#include "hooks/hook.h"

extern struct usm_hook usm_oom_hook;

#endif /* USM_OOM_H */
