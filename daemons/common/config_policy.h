/* SPDX-License-Identifier: MIT */
/*
 * config_policy.h - the object "policy" of a configuration.
 */
#ifndef USM_COMMON_CONFIG_POLICY_H
#define USM_COMMON_CONFIG_POLICY_H

#include <stdbool.h>

#include "config_fields.h"
#include "json.h"

/* Names of the policies that are built in, NULL at the end. */
extern const char *const usm_alloc_policies[];
extern const char *const usm_evict_policies[];
extern const char *const usm_prefetch_policies[];
extern const char *const usm_oom_policies[];

/* Reads the object into a struct usm_config (usm_json_key.read).  -EINVAL. */
int usm_config_read_policy(const cJSON *item, const char *path, void *out,
			   struct usm_config_error *err);

/* Once all is read: -EINVAL for what is about evicted pages without swap. */
int usm_config_check_policy(const struct usm_config *config,
			    struct usm_config_error *err);

/* Adds it to a configuration; false when memory is short. */
bool usm_config_print_policy(const struct usm_config *config, cJSON *root);

#endif /* USM_COMMON_CONFIG_POLICY_H */
