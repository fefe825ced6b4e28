/* SPDX-License-Identifier: MIT */
/*
 * config_thresholds.h - the "thresholds" of a configuration: other policies
 * while so much of the partition is in use.
 */
#ifndef USM_COMMON_CONFIG_THRESHOLDS_H
#define USM_COMMON_CONFIG_THRESHOLDS_H

#include <stdbool.h>

#include "json.h"
#include "settings.h"

/* Each step exchanges a policy, which then knows nothing: few make sense. */
#define USM_THRESHOLDS_MAX 4

/*
 * Points below a threshold at which it ends, so that a use that wavers around
 * it does not make policies change all the time.
 */
#define USM_THRESHOLD_BACK 5U

/* One that could not be left again would be the policy. */
#define USM_THRESHOLD_MIN (USM_THRESHOLD_BACK + 1U)

struct usm_config_threshold {
	unsigned int used_percent;
	char alloc_policy[USM_POLICY_NAME_SIZE]; /* empty: as it is below */
	char evict_policy[USM_POLICY_NAME_SIZE]; /* likewise */
	struct usm_settings alloc_options;
	struct usm_settings evict_options;
};

struct usm_config_thresholds {
	unsigned int nr;
	struct usm_config_threshold threshold[USM_THRESHOLDS_MAX]; /* rising */
};

/*
 * Reads it into a struct usm_config_thresholds (usm_json_key.read).  -EINVAL
 * with err naming the entry.
 */
int usm_config_read_thresholds(const cJSON *item, const char *path, void *out,
			       struct usm_config_error *err);

/* Once all is read: -EINVAL for evict without swap. */
int usm_config_check_thresholds(const struct usm_config_thresholds *thresholds,
				bool swap, struct usm_config_error *err);

/* Adds it to the configuration's object; false: out of memory. */
bool usm_config_print_thresholds(const struct usm_config_thresholds *thresholds,
				 cJSON *root);

#endif /* USM_COMMON_CONFIG_THRESHOLDS_H */
