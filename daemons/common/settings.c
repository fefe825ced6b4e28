/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <stdio.h>
#include <string.h>

#include "name.h"

#define KEY_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_-"

static int read_one(const cJSON *item, const char *path,
		    struct usm_setting *out, struct usm_config_error *err)
{
	const char *value;
	int ret = usm_json_string(item, path, &value, err);
	size_t key_len = strlen(item->string), i;

	if (ret)
		return ret;
	if (!key_len || key_len >= sizeof(out->key) ||
	    strspn(item->string, KEY_CHARACTERS) != key_len)
		return usm_json_error(
			err, path,
			"options are named by 1 to %zu characters of a-z, "
			"0-9, _ and -",
			sizeof(out->key) - 1);
	if (strlen(value) >= sizeof(out->value))
		return usm_json_error(err, path,
				      "must be at most %zu characters",
				      sizeof(out->value) - 1);
	for (i = 0; value[i]; i++)
		if (value[i] < ' ' || value[i] > '~')
			return usm_json_error(err, path,
					      "must be printable ASCII");
	snprintf(out->key, sizeof(out->key), "%s", item->string);
	snprintf(out->value, sizeof(out->value), "%s", value);
	return 0;
}

static int refuse_twice(const struct usm_settings *settings, const char *key,
			const char *path, struct usm_config_error *err)
{
	unsigned int i;

	for (i = 0; i < settings->nr; i++)
		if (!strcmp(settings->setting[i].key, key))
			return usm_json_error(err, path, "given twice");
	return 0;
}

int usm_settings_read(const cJSON *item, const char *path, void *out,
		      struct usm_config_error *err)
{
	struct usm_settings settings = { 0 };
	const cJSON *member;
	int ret = 0;

	if (!cJSON_IsObject(item))
		return usm_json_error(err, path, "must be an object");
	cJSON_ArrayForEach(member, item) {
		char where[USM_JSON_FIELD_SIZE];

		snprintf(where, sizeof(where), "%s.%s", path, member->string);
		if (settings.nr == USM_SETTINGS_MAX)
			return usm_json_error(err, path,
					      "must be at most %d options",
					      USM_SETTINGS_MAX);
		ret = refuse_twice(&settings, member->string, where, err);
		if (!ret)
			ret = read_one(member, where,
				       &settings.setting[settings.nr], err);
		if (ret)
			return ret;
		settings.nr++;
	}
	*(struct usm_settings *)out = settings;
	return 0;
}

int usm_settings_read_policy(const cJSON *item, const char *path, void *out,
			     struct usm_config_error *err)
{
	const char *name;
	int ret = usm_json_string(item, path, &name, err);

	if (ret)
		return ret;
	if (!usm_name_valid(name) || strlen(name) >= USM_POLICY_NAME_SIZE)
		return usm_json_error(
			err, path,
			"must be 1 to %d characters of a-z, 0-9 and -",
			USM_POLICY_NAME_SIZE - 1);
	snprintf(out, USM_POLICY_NAME_SIZE, "%s", name);
	return 0;
}

bool usm_settings_print(const char *policy, const struct usm_settings *settings,
			cJSON *parent, const char *key, const char *options_key)
{
	unsigned int i;
	cJSON *object;

	if (!*policy)
		return true;
	if (!cJSON_AddStringToObject(parent, key, policy))
		return false;
	if (!settings->nr)
		return true;
	object = cJSON_AddObjectToObject(parent, options_key);
	for (i = 0; object && i < settings->nr; i++)
		if (!cJSON_AddStringToObject(object, settings->setting[i].key,
					     settings->setting[i].value))
			return false;
	return object;
}
