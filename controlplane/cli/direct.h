/* SPDX-License-Identifier: MIT */
/*
 * direct.h - asking the kernel itself, when there is no manager.
 */
#ifndef USM_CLI_DIRECT_H
#define USM_CLI_DIRECT_H

#include "command.h"

/* Binds the calling process; children and what it executes inherit it. */
int usm_direct_bind_self(const char *instance);

/* Prints the instances the kernel knows. */
int usm_direct_list(void);

#endif /* USM_CLI_DIRECT_H */
