/* SPDX-License-Identifier: MIT */
/*
 * process.h - facts about a process from /proc.
 *
 * A number may be reused at any time: whoever needs certainty holds a pidfd
 * and asks usm_process_alive() after reading.
 */
#ifndef USM_MANAGER_PROCESS_H
#define USM_MANAGER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Real, effective, saved, as in /proc/PID/status. */
struct usm_credentials {
	uid_t uid[3];
	gid_t gid[3];
	/*
	 * Of the files in /proc/PID: not the effective ones when it is not
	 * dumpable (the directory itself does not tell).
	 */
	uid_t owner;
	gid_t group;
};

/* -ESRCH when there is no such process, or other -errno. */
int usm_process_credentials(pid_t pid, struct usm_credentials *out);

/* Reads the Uid: and Gid: lines of a status file's text.  -EINVAL.  Pure. */
int usm_process_parse_status(const char *text, struct usm_credentials *out);

/*
 * True when a user may hand this process to a policy daemon: every id is the
 * user's own, and it is dumpable.  Pure.
 */
bool usm_process_owned_by(const struct usm_credentials *process, uid_t uid,
			  gid_t gid);

/* Resident bytes: all, and those that are anonymous.  -ESRCH. */
int usm_process_resident(pid_t pid, uint64_t *all, uint64_t *anonymous);

/* False once the process behind pidfd has ended. */
bool usm_process_alive(int pidfd);

#endif /* USM_MANAGER_PROCESS_H */
