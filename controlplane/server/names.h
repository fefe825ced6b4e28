/* SPDX-License-Identifier: MIT */
/*
 * names.h - what the kernel's counts are called outside.  Pure.
 */
#ifndef USM_CONTROLPLANE_NAMES_H
#define USM_CONTROLPLANE_NAMES_H

#include "usm.h"

/* "self", "waker", "uipi", "kernel" */
extern const char *const usm_wake_names[USM_WAKE_SOURCES];

/* "no_daemon", "late" and so on */
extern const char *const usm_fallback_names[USM_FALLBACK_REASONS];

#endif /* USM_CONTROLPLANE_NAMES_H */
