// SPDX-License-Identifier: MIT
#include "render_service.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/config.h"
#include "common/name.h"

/* More files are not listed; nobody writes so many policies. */
#define MAX_FILES 256

static const struct {
	const char *name;
	uint64_t bit;
	const char *why_off;
} features[] = {
	{ "cow", USM_FEATURE_COW, "the module is of an older version" },
	{ "vma_lock", USM_FEATURE_VMA_LOCK,
	  "this kernel has no locks per mapping (CONFIG_PER_VMA_LOCK, 6.4)" },
	{ "grants", USM_FEATURE_GRANTS, "the module is of an older version" },
	{ "evict", USM_FEATURE_EVICT, "the module is of an older version" },
	{ "large", USM_FEATURE_LARGE,
	  "this kernel has no large pages of anonymous memory below 2 MiB (6.8)" },
	{ "resize", USM_FEATURE_RESIZE, "the module is of an older version" },
	{ "cgroup", USM_FEATURE_CGROUP, "the module is of an older version" },
};

#define NR_FEATURES (sizeof(features) / sizeof(features[0]))

static bool add_item(cJSON *object, const char *key, cJSON *item)
{
	if (item && cJSON_AddItemToObject(object, key, item))
		return true;
	cJSON_Delete(item);
	return false;
}

static cJSON *finish(cJSON *object, bool ok)
{
	if (ok)
		return object;
	cJSON_Delete(object);
	return NULL;
}

static cJSON *feature(bool on, const char *why_off)
{
	cJSON *object = cJSON_CreateObject();
	bool ok = object && cJSON_AddBoolToObject(object, "on", on);

	ok = ok && (on ? !!cJSON_AddNullToObject(object, "why")
		       : !!cJSON_AddStringToObject(object, "why", why_off));
	return finish(object, ok);
}

static cJSON *feature_list(uint64_t bits)
{
	cJSON *object = cJSON_CreateObject();
	bool ok = object;

	for (size_t i = 0; ok && i < NR_FEATURES; i++)
		ok = add_item(
			object, features[i].name,
			feature(bits & features[i].bit, features[i].why_off));
	return finish(object, ok);
}

cJSON *usm_render_info(const struct usm_cp_info *info)
{
	cJSON *object = cJSON_CreateObject();
	bool ok = object;

	ok = ok && cJSON_AddStringToObject(object, "version", USM_VERSION) &&
	     cJSON_AddNumberToObject(object, "abi", info->abi) &&
	     cJSON_AddStringToObject(object, "kernel", info->kernel) &&
	     cJSON_AddStringToObject(object, "backend", info->backend) &&
	     cJSON_AddBoolToObject(object, "waker", info->waker) &&
	     add_item(object, "features", feature_list(info->features));
	return finish(object, ok);
}

static cJSON *name_list(const char *const *names)
{
	cJSON *array = cJSON_CreateArray();
	bool ok = array;

	for (size_t i = 0; ok && names[i]; i++) {
		cJSON *name = cJSON_CreateString(names[i]);

		ok = name && cJSON_AddItemToArray(array, name);
		if (!ok)
			cJSON_Delete(name);
	}
	return finish(array, ok);
}

static int is_policy(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');
	char name[sizeof(entry->d_name)];

	if (!dot || strcmp(dot, ".so") != 0)
		return 0;
	memcpy(name, entry->d_name, (size_t)(dot - entry->d_name));
	name[dot - entry->d_name] = '\0';
	return usm_name_valid(name);
}

static cJSON *file_list(const char *dir)
{
	const char *names[MAX_FILES + 1] = { NULL };
	struct dirent **entries = NULL;
	int nr = scandir(dir, &entries, is_policy, alphasort);
	cJSON *array;

	for (int i = 0; i < nr; i++) {
		*strrchr(entries[i]->d_name, '.') = '\0';
		if (i < MAX_FILES)
			names[i] = entries[i]->d_name;
	}
	array = name_list(names);
	for (int i = 0; i < nr; i++)
		free(entries[i]);
	free(entries);
	return array;
}

cJSON *usm_render_policies(const char *dir)
{
	cJSON *object = cJSON_CreateObject();
	bool ok = object;

	ok = ok && add_item(object, "alloc", name_list(usm_alloc_policies)) &&
	     add_item(object, "evict", name_list(usm_evict_policies)) &&
	     add_item(object, "prefetch", name_list(usm_prefetch_policies)) &&
	     add_item(object, "oom", name_list(usm_oom_policies)) &&
	     add_item(object, "files", file_list(dir));
	return finish(object, ok);
}
