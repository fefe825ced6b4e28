/* SPDX-License-Identifier: MIT */
/*
 * name.h - names of instances and policies: [a-z0-9-]{1,32}.
 */
#ifndef USM_COMMON_NAME_H
#define USM_COMMON_NAME_H

#include <stdbool.h>

/* True when name has 1 to USM_NAME_MAX characters, each of [a-z0-9-]. */
bool usm_name_valid(const char *name);

#endif /* USM_COMMON_NAME_H */
