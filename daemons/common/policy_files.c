/* SPDX-License-Identifier: MIT */
#include "policy_files.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int check(const char *field, const char *name, const char *const *known,
		 const char *dir, struct usm_config_error *err)
{
	char path[PATH_MAX], names[USM_JSON_REASON_SIZE / 2] = "";
	size_t used = 0, i;

	for (i = 0; known[i]; i++) {
		if (!strcmp(name, known[i]))
			return 0;
		used += (size_t)snprintf(names + used, sizeof(names) - used,
					 "%s%s", i ? ", " : "", known[i]);
		if (used >= sizeof(names))
			used = sizeof(names) - 1;
	}
	snprintf(path, sizeof(path), "%s/%s.so", dir, name);
	if (!access(path, F_OK))
		return 0;
	return usm_json_error(err, field, "no such policy in %s; built in: %s",
			      dir, names);
}

static int check_processes(const struct usm_config *config, const char *dir,
			   struct usm_config_error *err)
{
	char field[USM_JSON_FIELD_SIZE];
	unsigned int i;
	int ret = 0;

	for (i = 0; i < config->processes.nr && !ret; i++) {
		const char *name = config->processes.process[i].evict_policy;

		snprintf(field, sizeof(field), "processes[%u].evict", i);
		if (*name)
			ret = check(field, name, usm_evict_policies, dir, err);
	}
	return ret;
}

static int check_thresholds(const struct usm_config *config, const char *dir,
			    struct usm_config_error *err)
{
	char field[USM_JSON_FIELD_SIZE];
	unsigned int i;
	int ret = 0;

	for (i = 0; i < config->thresholds.nr && !ret; i++) {
		const struct usm_config_threshold *threshold =
			&config->thresholds.threshold[i];

		snprintf(field, sizeof(field), "thresholds[%u].alloc", i);
		if (*threshold->alloc_policy)
			ret = check(field, threshold->alloc_policy,
				    usm_alloc_policies, dir, err);
		snprintf(field, sizeof(field), "thresholds[%u].evict", i);
		if (!ret && *threshold->evict_policy)
			ret = check(field, threshold->evict_policy,
				    usm_evict_policies, dir, err);
	}
	return ret;
}

int usm_policy_files_check(const struct usm_config *config, const char *dir,
			   struct usm_config_error *err)
{
	int ret = check("policy.alloc", config->alloc_policy,
			usm_alloc_policies, dir, err);

	if (!ret)
		ret = check("policy.evict", config->evict_policy,
			    usm_evict_policies, dir, err);
	if (!ret && *config->prefetch_policy)
		ret = check("policy.prefetch", config->prefetch_policy,
			    usm_prefetch_policies, dir, err);
	if (!ret)
		ret = check("policy.oom", config->oom_policy, usm_oom_policies,
			    dir, err);
	if (!ret)
		ret = check_processes(config, dir, err);
	return ret ? ret : check_thresholds(config, dir, err);
}
