/* SPDX-License-Identifier: MIT */
/*
 * config_processes.h - the "processes" of a configuration: which processes of
 * an instance have an eviction policy, or a priority, of their own.
 */
#ifndef USM_COMMON_CONFIG_PROCESSES_H
#define USM_COMMON_CONFIG_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "json.h"
#include "settings.h"

/*
 * Each is the context of a policy over all frames, and may be asked in every
 * batch of victims.
 */
#define USM_PROCESSES_MAX 16

/* Names of processes have at most 15 characters; patterns may have more. */
#define USM_PROCESS_NAME_SIZE 48

/* Of a pattern for paths below the root of the cgroup hierarchy. */
#define USM_PROCESS_CGROUP_SIZE 128

/* Of who is not listed, and of an entry that does not say. */
#define USM_PRIORITY_DEFAULT 50U
#define USM_PRIORITY_MAX 100U

/* One entry: all that it names must fit. */
struct usm_config_process {
	char name[USM_PROCESS_NAME_SIZE]; /* pattern, empty: any */
	char cgroup[USM_PROCESS_CGROUP_SIZE]; /* pattern, empty: any */
	bool has_uid;
	uid_t uid;
	unsigned int priority; /* 0: gives up pages first */
	char evict_policy[USM_POLICY_NAME_SIZE]; /* empty: the instance's */
	struct usm_settings evict_options;
};

struct usm_config_processes {
	unsigned int nr;
	struct usm_config_process process[USM_PROCESSES_MAX]; /* first match */
};

/*
 * Reads it into a struct usm_config_processes (usm_json_key.read).  -EINVAL
 * with err naming the entry.
 */
int usm_config_read_processes(const cJSON *item, const char *path, void *out,
			      struct usm_config_error *err);

/* Once all is read: -EINVAL without swap, where nothing is evicted. */
int usm_config_check_processes(const struct usm_config_processes *processes,
			       bool swap, struct usm_config_error *err);

/* Adds it to the configuration's object; false: out of memory. */
bool usm_config_print_processes(const struct usm_config_processes *processes,
				cJSON *root);

#endif /* USM_COMMON_CONFIG_PROCESSES_H */
