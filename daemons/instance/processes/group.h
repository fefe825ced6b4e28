/* SPDX-License-Identifier: MIT */
/*
 * group.h - the group of processes that a member belongs to.
 *
 * Its name is what the kernel announced with it; cgroup and uid are read from
 * /proc when it appears, and after it executed another program.  That takes no
 * rights (the daemon has none), only a /proc that is not mounted with hidepid.
 * It is a hint: the process may have changed meanwhile, may change later, or be
 * gone and its pid another's.  Then pages go sooner or later than they should,
 * nothing else.
 */
#ifndef USM_INSTANCE_PROCESSES_GROUP_H
#define USM_INSTANCE_PROCESSES_GROUP_H

#include <sys/types.h>

#include "common/config_processes.h"

/*
 * 1 + the number of its entry in the configuration, 0: it is in none, or what
 * the entries ask for cannot be found out.  proc: "/proc".  Reads at most two
 * small files; the control thread.
 */
unsigned int usm_process_group(const struct usm_config_processes *processes,
			       const char *proc, pid_t pid, const char *name);

#endif /* USM_INSTANCE_PROCESSES_GROUP_H */
