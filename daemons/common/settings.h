/* SPDX-License-Identifier: MIT */
/*
 * settings.h - the options of one policy, as they stand in a configuration:
 * an object of strings whose keys only the policy knows.
 */
#ifndef USM_COMMON_SETTINGS_H
#define USM_COMMON_SETTINGS_H

#include "json.h"

/* Names of policies are [a-z0-9-]{1,31}. */
#define USM_POLICY_NAME_SIZE 32

/* A policy that needs more than a handful is hard to use. */
#define USM_SETTINGS_MAX 8

#define USM_SETTING_KEY_SIZE 33
#define USM_SETTING_VALUE_SIZE 65

struct usm_setting {
	char key[USM_SETTING_KEY_SIZE]; /* [a-z0-9_-]{1,32} */
	char value[USM_SETTING_VALUE_SIZE]; /* printable ASCII */
};

struct usm_settings {
	unsigned int nr;
	struct usm_setting setting[USM_SETTINGS_MAX]; /* in order of writing */
};

/*
 * Reads an object whose members are strings.  -EINVAL with err naming the
 * member; *out is untouched then.
 */
int usm_settings_read(const cJSON *item, const char *path,
		      struct usm_settings *out, struct usm_config_error *err);

/* Adds them to `parent` under `key`; nothing when there are none.  False: no
 * memory.
 */
bool usm_settings_print(const struct usm_settings *settings, cJSON *parent,
			const char *key);

#endif /* USM_COMMON_SETTINGS_H */
