/* SPDX-License-Identifier: MIT */
/*
 * spawn.h - starting a policy daemon as a child process.
 */
#ifndef USM_MANAGER_SPAWN_H
#define USM_MANAGER_SPAWN_H

#include <sys/types.h>

struct usm_spawn {
	const char *binary;
	const char *config_path;
	uid_t uid; /* what the daemon drops to, user and group alike */
	int cgroup_fd; /* directory of its cgroup, -1: stay in ours */
};

struct usm_child {
	pid_t pid;
	int pidfd; /* close-on-exec, owned by the caller */
	int ready_fd; /* non-blocking read end, owned by the caller */
};

/*
 * Starts it, in its cgroup from the first instruction on, with no signal
 * blocked and in a session of its own, so that it outlives the manager.
 * A binary that cannot be executed shows as exit status 127.  -errno.
 */
int usm_spawn(const struct usm_spawn *spawn, struct usm_child *child);

#endif /* USM_MANAGER_SPAWN_H */
