/* SPDX-License-Identifier: MIT */
/*
 * settings.h - which policy, and its options, as they stand in a configuration:
 * a name, and an object of strings whose keys only the policy knows.
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
 * Reads an object whose members are strings into a struct usm_settings
 * (usm_json_key.read).  -EINVAL with err naming the member; out is untouched
 * then.
 */
int usm_settings_read(const cJSON *item, const char *path, void *out,
		      struct usm_config_error *err);

/*
 * Reads the name of a policy into a char[USM_POLICY_NAME_SIZE]
 * (usm_json_key.read).  -EINVAL.
 */
int usm_settings_read_policy(const cJSON *item, const char *path, void *out,
			     struct usm_config_error *err);

/*
 * Adds a policy to `parent` under `key`, and its settings, if there are any,
 * under options_key; nothing where the name is empty.  False: no memory.
 */
bool usm_settings_print(const char *policy, const struct usm_settings *settings,
			cJSON *parent, const char *key,
			const char *options_key);

#endif /* USM_COMMON_SETTINGS_H */
