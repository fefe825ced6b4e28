/* SPDX-License-Identifier: MIT */
/*
 * process.h - what the reaper's own process does.
 */
#ifndef USM_INSTANCE_REAPER_PROCESS_H
#define USM_INSTANCE_REAPER_PROCESS_H

#include <sys/types.h>

struct usm_reaper_process {
	const char *device;
	uid_t uid;
	gid_t gid;
	pid_t daemon;
	int socket; /* to the daemon, packets */
};

/* Serves until the daemon is gone.  Never returns. */
void usm_reaper_process(const struct usm_reaper_process *process)
	__attribute__((noreturn));

#endif /* USM_INSTANCE_REAPER_PROCESS_H */
