// SPDX-License-Identifier: MIT
#include "config_thresholds.h"

#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int read_used(const cJSON *item, const char *path, void *out,
		     struct usm_config_error *err)
{
	return usm_json_small(item, path, USM_THRESHOLD_MIN, 100, out, err);
}

#define AT(field) offsetof(struct usm_config_threshold, field)

static const struct usm_json_key threshold_keys[] = {
	{ "used_percent", true, read_used, AT(used_percent) },
	{ "alloc", false, usm_settings_read_policy, AT(alloc_policy) },
	{ "alloc_options", false, usm_settings_read, AT(alloc_options) },
	{ "evict", false, usm_settings_read_policy, AT(evict_policy) },
	{ "evict_options", false, usm_settings_read, AT(evict_options) },
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
	return usm_json_array(item, path, USM_THRESHOLDS_MAX, read_threshold,
			      out, err);
}

int usm_config_check_thresholds(const struct usm_config_thresholds *thresholds,
				bool swap, struct usm_config_error *err)
{
	char field[USM_JSON_FIELD_SIZE];
	unsigned int i;

	for (i = 0; i < thresholds->nr && !swap; i++) {
		if (!*thresholds->threshold[i].evict_policy)
			continue;
		snprintf(field, sizeof(field), "thresholds[%u].evict", i);
		return usm_json_error(err, field,
				      "without swap nothing is evicted");
	}
	return 0;
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
	       usm_settings_print(threshold->alloc_policy,
				  &threshold->alloc_options, object, "alloc",
				  "alloc_options") &&
	       usm_settings_print(threshold->evict_policy,
				  &threshold->evict_options, object, "evict",
				  "evict_options");
}

bool usm_config_print_thresholds(const struct usm_config_thresholds *thresholds,
				 cJSON *root)
{
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
