// SPDX-License-Identifier: MIT
#include "config_thresholds.h"

#include <stdio.h>

#include "config.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int read_used(const cJSON *item, const char *path, void *out,
		     struct usm_config_error *err)
{
	struct usm_config_threshold *threshold = out;
	uint64_t percent = 0;
	int ret = usm_json_uint(item, path, USM_THRESHOLD_MIN, 100, &percent,
				err);

	if (!ret)
		threshold->used_percent = (unsigned int)percent;
	return ret;
}

static int read_alloc(const cJSON *item, const char *path, void *out,
		      struct usm_config_error *err)
{
	struct usm_config_threshold *threshold = out;

	return usm_config_read_policy(item, path, threshold->alloc_policy, err);
}

static int read_evict(const cJSON *item, const char *path, void *out,
		      struct usm_config_error *err)
{
	struct usm_config_threshold *threshold = out;

	return usm_config_read_policy(item, path, threshold->evict_policy, err);
}

static int read_alloc_options(const cJSON *item, const char *path, void *out,
			      struct usm_config_error *err)
{
	struct usm_config_threshold *threshold = out;

	return usm_settings_read(item, path, &threshold->alloc_options, err);
}

static int read_evict_options(const cJSON *item, const char *path, void *out,
			      struct usm_config_error *err)
{
	struct usm_config_threshold *threshold = out;

	return usm_settings_read(item, path, &threshold->evict_options, err);
}

static const struct usm_json_key threshold_keys[] = {
	{ "used_percent", true, read_used },
	{ "alloc", false, read_alloc },
	{ "alloc_options", false, read_alloc_options },
	{ "evict", false, read_evict },
	{ "evict_options", false, read_evict_options },
};

static int read_threshold(const cJSON *item, const char *path, void *out,
			  struct usm_config_error *err)
{
	struct usm_config_thresholds *thresholds = out;
	struct usm_config_threshold threshold = { 0 };
	unsigned int nr = thresholds->nr;
	int ret = usm_json_object(item, path, threshold_keys,
				  ARRAY_SIZE(threshold_keys), &threshold, err);

	if (ret)
		return ret;
	if (!*threshold.alloc_policy && !*threshold.evict_policy)
		return usm_json_error(err, path,
				      "must name a policy: alloc or evict");
	if ((threshold.alloc_options.nr && !*threshold.alloc_policy) ||
	    (threshold.evict_options.nr && !*threshold.evict_policy))
		return usm_json_error(err, path,
				      "options need the policy they are for");
	if (nr && thresholds->threshold[nr - 1].used_percent >=
			  threshold.used_percent)
		return usm_json_error(
			err, path,
			"used_percent must be above that of the one before");
	thresholds->threshold[thresholds->nr++] = threshold;
	return 0;
}

int usm_config_read_thresholds(const cJSON *item, const char *path, void *out,
			       struct usm_config_error *err)
{
	struct usm_config *config = out;

	return usm_json_array(item, path, USM_THRESHOLDS_MAX, read_threshold,
			      &config->thresholds, err);
}

int usm_config_check_thresholds(const struct usm_config *config,
				struct usm_config_error *err)
{
	char field[USM_JSON_FIELD_SIZE];
	unsigned int i;

	for (i = 0; i < config->thresholds.nr && !config->swap_bytes; i++) {
		if (!*config->thresholds.threshold[i].evict_policy)
			continue;
		snprintf(field, sizeof(field), "thresholds[%u].evict", i);
		return usm_json_error(err, field,
				      "without swap nothing is evicted");
	}
	return 0;
}

static bool print_policy(const char *name, const struct usm_settings *options,
			 cJSON *object, const char *key,
			 const char *options_key)
{
	return !*name || (cJSON_AddStringToObject(object, key, name) &&
			  usm_settings_print(options, object, options_key));
}

static bool print_threshold(const struct usm_config_threshold *threshold,
			    cJSON *array)
{
	cJSON *object = cJSON_CreateObject();

	if (!object || !cJSON_AddItemToArray(array, object)) {
		cJSON_Delete(object);
		return false;
	}
	return cJSON_AddNumberToObject(object, "used_percent",
				       threshold->used_percent) &&
	       print_policy(threshold->alloc_policy, &threshold->alloc_options,
			    object, "alloc", "alloc_options") &&
	       print_policy(threshold->evict_policy, &threshold->evict_options,
			    object, "evict", "evict_options");
}

bool usm_config_print_thresholds(const struct usm_config *config, cJSON *root)
{
	const struct usm_config_thresholds *thresholds = &config->thresholds;
	unsigned int i;
	cJSON *array;

	if (!thresholds->nr)
		return true;
	array = cJSON_AddArrayToObject(root, "thresholds");
	for (i = 0; array && i < thresholds->nr; i++)
		if (!print_threshold(&thresholds->threshold[i], array))
			return false;
	return array;
}
