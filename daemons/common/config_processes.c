// SPDX-License-Identifier: MIT
#include "config_processes.h"

#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The last uid there is means none. */
#define UID_MAX ((uint64_t)UINT32_MAX - 1)

/* A pattern is printed in messages, and matched by fnmatch(). */
static int read_pattern(const cJSON *item, const char *path, char *out,
			size_t size, struct usm_config_error *err)
{
	const char *text;
	size_t i;
	int ret = usm_json_string(item, path, &text, err);

	if (ret)
		return ret;
	if (!*text || strlen(text) >= size)
		return usm_json_error(err, path, "must be 1 to %zu characters",
				      size - 1);
	for (i = 0; text[i]; i++)
		if (text[i] < ' ' || text[i] > '~')
			return usm_json_error(err, path,
					      "must be printable ASCII");
	snprintf(out, size, "%s", text);
	return 0;
}

static int read_name(const cJSON *item, const char *path, void *out,
		     struct usm_config_error *err)
{
	return read_pattern(item, path, out, USM_PROCESS_NAME_SIZE, err);
}

static int read_cgroup(const cJSON *item, const char *path, void *out,
		       struct usm_config_error *err)
{
	const char *pattern = out;
	int ret = read_pattern(item, path, out, USM_PROCESS_CGROUP_SIZE, err);

	if (!ret && *pattern != '/')
		ret = usm_json_error(err, path, "must begin with /");
	return ret;
}

static int read_uid(const cJSON *item, const char *path, void *out,
		    struct usm_config_error *err)
{
	struct usm_config_process *process = out;
	uint64_t uid = 0;
	int ret = usm_json_uint(item, path, 0, UID_MAX, &uid, err);

	if (ret)
		return ret;
	process->uid = (uid_t)uid;
	process->has_uid = true;
	return 0;
}

static int read_priority(const cJSON *item, const char *path, void *out,
			 struct usm_config_error *err)
{
	return usm_json_small(item, path, 0, USM_PRIORITY_MAX, out, err);
}

static int refuse_alloc(const cJSON *item, const char *path, void *out,
			struct usm_config_error *err)
{
	(void)item;
	(void)out;
	return usm_json_error(err, path,
			      "one policy allocates for all processes: see "
			      "policy.alloc");
}

#define AT(field) offsetof(struct usm_config_process, field)

static const struct usm_json_key process_keys[] = {
	{ "name", false, read_name, AT(name) },
	{ "cgroup", false, read_cgroup, AT(cgroup) },
	{ "uid", false, read_uid, 0 },
	{ "priority", false, read_priority, AT(priority) },
	{ "evict", false, usm_settings_read_policy, AT(evict_policy) },
	{ "evict_options", false, usm_settings_read, AT(evict_options) },
	{ "alloc", false, refuse_alloc, 0 },
	{ "alloc_options", false, refuse_alloc, 0 },
};

static int read_process(const cJSON *item, const char *path, void *out,
			struct usm_config_error *err)
{
	struct usm_config_processes *processes = out;
	struct usm_config_process process = {
		.priority = USM_PRIORITY_DEFAULT,
	};
	int ret = usm_json_object(item, path, process_keys,
				  ARRAY_SIZE(process_keys), &process, err);

	if (ret)
		return ret;
	if (!*process.name && !*process.cgroup && !process.has_uid)
		return usm_json_error(err, path,
				      "must say which: name, cgroup or uid");
	if (process.evict_options.nr && !*process.evict_policy)
		return usm_json_error(err, path,
				      "evict_options need an evict policy");
	processes->process[processes->nr++] = process;
	return 0;
}

int usm_config_read_processes(const cJSON *item, const char *path, void *out,
			      struct usm_config_error *err)
{
	return usm_json_array(item, path, USM_PROCESSES_MAX, read_process, out,
			      err);
}

int usm_config_check_processes(const struct usm_config_processes *processes,
			       bool swap, struct usm_config_error *err)
{
	if (processes->nr && !swap)
		return usm_json_error(err, "processes",
				      "without swap nothing is evicted");
	return 0;
}

static bool print_process(const struct usm_config_process *process,
			  cJSON *array)
{
	cJSON *object = cJSON_CreateObject();

	if (!object || !cJSON_AddItemToArray(array, object)) {
		cJSON_Delete(object);
		return false;
	}
	if (*process->name &&
	    !cJSON_AddStringToObject(object, "name", process->name))
		return false;
	if (*process->cgroup &&
	    !cJSON_AddStringToObject(object, "cgroup", process->cgroup))
		return false;
	if (process->has_uid &&
	    !cJSON_AddNumberToObject(object, "uid", process->uid))
		return false;
	if (!cJSON_AddNumberToObject(object, "priority", process->priority))
		return false;
	return usm_settings_print(process->evict_policy,
				  &process->evict_options, object, "evict",
				  "evict_options");
}

bool usm_config_print_processes(const struct usm_config_processes *processes,
				cJSON *root)
{
	unsigned int i;
	cJSON *array;

	if (!processes->nr)
		return true;
	array = cJSON_AddArrayToObject(root, "processes");
	for (i = 0; array && i < processes->nr; i++)
		if (!print_process(&processes->process[i], array))
			return false;
	return array;
}
