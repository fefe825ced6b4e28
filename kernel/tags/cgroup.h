/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Binding by cgroup: every process in a cgroup (v2), or in one below it,
 * belongs to an instance.  Those that are there are bound at once, each as by
 * its pidfd; those to come as they come: forked into it, moved into it, or
 * with an image that may be bound where the one before might not.
 *
 * Left out, as in binding by pidfd: kernel threads, init, policy daemons and
 * the waker's process; and what ptrace would be refused, because the image is
 * privileged or gave up being dumpable.  Of nested bindings the innermost
 * counts; a process that is bound already stays where it is.
 */
#ifndef USM_TAGS_CGROUP_H
#define USM_TAGS_CGROUP_H

#include "usm.h"

struct task_struct;
struct usm_instance;

/* Find the tracepoints and listen to them. Logs what is missing. Sleeps. */
int usm_cgroups_init(void);
void usm_cgroups_exit(void);

/* USM_IOC_BIND_CGROUP and so on. Sleep. */
int usm_bind_cgroup(struct usm_bind_cgroup *bind);
int usm_unbind_cgroup(struct usm_unbind_cgroup *unbind);
/* Bindings with an id above @after, at most @room; returns how many. */
u32 usm_cgroups_list(u64 after, struct usm_cgroup_info *info, u32 room);

/* The instance is at its end: nobody joins it any more. Sleeps. */
void usm_cgroups_forget(struct usm_instance *instance);

/* From the fork tracepoint, for a child that has its own address space. */
void usm_cgroup_forked(struct task_struct *child);

#endif /* USM_TAGS_CGROUP_H */
