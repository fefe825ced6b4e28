/* SPDX-License-Identifier: MIT */
/*
 * config_cgroup.h - the object "cgroup" of a configuration: for config.c alone.
 */
#ifndef USM_COMMON_CONFIG_CGROUP_H
#define USM_COMMON_CONFIG_CGROUP_H

#include <stdbool.h>

#include "config_fields.h"
#include "json.h"

/* Reads the object into a struct usm_config (usm_json_key.read).  -EINVAL. */
int usm_config_read_cgroup(const cJSON *item, const char *path, void *out,
			   struct usm_config_error *err);

/* Adds it to a configuration, if set; false when memory is short. */
bool usm_config_print_cgroup(const struct usm_config *config, cJSON *root);

#endif /* USM_COMMON_CONFIG_CGROUP_H */
