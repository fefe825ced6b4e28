/* SPDX-License-Identifier: MIT */
/*
 * cgroup.h - one cgroup (version 2) per policy daemon, below a common parent.
 * The only file that knows libcgroup, which is for one thread only: so is this.
 */
#ifndef USM_MANAGER_CGROUP_H
#define USM_MANAGER_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/ops.h"

#define USM_CGROUP_PATH_SIZE 256
#define USM_CGROUP_REASON_SIZE 200

struct usm_cgroup_limits {
	uint64_t memory_max; /* bytes, 0: none */
	unsigned int cpu_percent; /* of one processor, 0: none */
};

/*
 * Creates (or takes over) the cgroup `usm/<name>` and sets its limits, all of
 * them or none: on failure nothing is left and reason says what failed.
 * *dir_fd: its directory, owned by the caller.
 */
int usm_cgroup_create(const char *name, const struct usm_cgroup_limits *limits,
		      int *dir_fd, char reason[USM_CGROUP_REASON_SIZE]);

/* Removes it; 0 also when there is none.  -EBUSY: somebody is still in it. */
int usm_cgroup_remove(const char *name);

/* Its figures; .present is false when there is no such cgroup. */
void usm_cgroup_read(const char *name, struct usm_cp_cgroup *out);

/* Value of `key` in the text of a flat-keyed file such as cpu.stat.  Pure. */
bool usm_cgroup_keyed_value(const char *text, const char *key, uint64_t *value);

/* Percent of a processor that the text of cpu.max allows, 0: no limit. Pure. */
unsigned int usm_cgroup_parse_cpu_max(const char *text);

#endif /* USM_MANAGER_CGROUP_H */
