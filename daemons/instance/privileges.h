/* SPDX-License-Identifier: MIT */
/*
 * privileges.h - giving up every right for good.
 */
#ifndef USM_INSTANCE_PRIVILEGES_H
#define USM_INSTANCE_PRIVILEGES_H

#include <sys/types.h>

#include "instance/failure.h"

/*
 * Own uid and gid when nobody gives one: outside every range that
 * distributions or systemd hand out, so that no other program runs under it.
 */
#define USM_INSTANCE_UID 0x70555300U

/*
 * Becomes uid and gid without supplementary groups and without any capability,
 * sets no_new_privs, and stays undumpable.  To be called once, as root, before
 * other threads exist.  On failure the process may have lost some rights
 * already and must exit.
 */
int usm_privileges_drop(uid_t uid, gid_t gid, struct usm_failure *failure);

/* The same, but CAP_KILL is left: for the reaper. */
int usm_privileges_keep_kill(uid_t uid, gid_t gid, struct usm_failure *failure);

#endif /* USM_INSTANCE_PRIVILEGES_H */
