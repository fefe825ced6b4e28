/* SPDX-License-Identifier: MIT */
#include "config_cgroup.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define AT(field) offsetof(struct usm_config, field)

static int read_cpu_max(const cJSON *item, const char *path, void *out,
			struct usm_config_error *err)
{
	unsigned int *cpu_percent = out;
	const char *text;
	char *end = NULL;
	unsigned long percent;
	int ret = usm_json_string(item, path, &text, err);

	if (ret)
		return ret;
	/* strtoul() would take blanks and a sign. */
	if (*text >= '0' && *text <= '9') {
		percent = strtoul(text, &end, 10);
		if (!strcmp(end, "%") && percent >= 1 &&
		    percent <= USM_CGROUP_CPU_MAX) {
			*cpu_percent = (unsigned int)percent;
			return 0;
		}
	}
	return usm_json_error(
		err, path,
		"must be a share of one processor from \"1%%\" to \"%u%%\"",
		USM_CGROUP_CPU_MAX);
}

static int read_memory_max(const cJSON *item, const char *path, void *out,
			   struct usm_config_error *err)
{
	uint64_t bytes = 0;
	int ret = usm_json_size(item, path, &bytes, err);

	if (ret)
		return ret;
	if (bytes < USM_CGROUP_MEMORY_MIN || bytes % USM_PAGE_SIZE)
		return usm_json_error(
			err, path,
			"must be a multiple of %u bytes and at least %llu",
			USM_PAGE_SIZE, USM_CGROUP_MEMORY_MIN);
	*(uint64_t *)out = bytes;
	return 0;
}

static const struct usm_json_key cgroup_keys[] = {
	{ "cpu_max", false, read_cpu_max, AT(cgroup_cpu_percent) },
	{ "memory_max", false, read_memory_max, AT(cgroup_memory_max) },
};

int usm_config_read_cgroup(const cJSON *item, const char *path, void *out,
			   struct usm_config_error *err)
{
	return usm_json_object(item, path, cgroup_keys, ARRAY_SIZE(cgroup_keys),
			       out, err);
}

bool usm_config_print_cgroup(const struct usm_config *config, cJSON *root)
{
	char text[USM_SIZE_TEXT];
	cJSON *cgroup;

	if (!config->cgroup_cpu_percent && !config->cgroup_memory_max)
		return true;
	cgroup = cJSON_AddObjectToObject(root, "cgroup");
	if (!cgroup)
		return false;
	if (config->cgroup_cpu_percent) {
		snprintf(text, sizeof(text), "%u%%",
			 config->cgroup_cpu_percent);
		if (!cJSON_AddStringToObject(cgroup, "cpu_max", text))
			return false;
	}
	if (config->cgroup_memory_max) {
		usm_size_format(config->cgroup_memory_max, text, sizeof(text));
		if (!cJSON_AddStringToObject(cgroup, "memory_max", text))
			return false;
	}
	return true;
}
