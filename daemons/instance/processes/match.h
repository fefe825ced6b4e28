/* SPDX-License-Identifier: MIT */
/*
 * match.h - which entry of "processes" a process falls under.  Pure.
 */
#ifndef USM_INSTANCE_PROCESSES_MATCH_H
#define USM_INSTANCE_PROCESSES_MATCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/config_processes.h"

/* What is known of it. */
struct usm_process_facts {
	const char *name; /* comm */
	const char *cgroup; /* path in the v2 hierarchy; NULL: not known */
	bool has_uid;
	uid_t uid;
};

/*
 * The number of the first entry all of whose patterns fit, from 1; 0: none.
 * What is not known fits no pattern.  In patterns (fnmatch()) * stands for any
 * characters, / among them.
 */
unsigned int usm_process_match(const struct usm_config_processes *processes,
			       const struct usm_process_facts *facts);

/* Does any entry ask for a cgroup, or a uid? */
bool usm_process_match_cgroup(const struct usm_config_processes *processes);
bool usm_process_match_uid(const struct usm_config_processes *processes);

#endif /* USM_INSTANCE_PROCESSES_MATCH_H */
