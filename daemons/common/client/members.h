/* SPDX-License-Identifier: MIT */
/*
 * members.h - which processes are an instance's.
 *
 * Returns, outputs and threads: as client.h says.
 */
#ifndef USM_COMMON_CLIENT_MEMBERS_H
#define USM_COMMON_CLIENT_MEMBERS_H

#include <stdint.h>
#include <sys/types.h>

#include "usm.h"

/*
 * Members of `instance` with an id above `after`, by id.  *nr: room in, filled
 * out; 0 out: no more.  Go on with after = out[*nr - 1].member.
 */
int usm_client_members(int fd, uint32_t instance, uint32_t after,
		       struct usm_member_info *out, uint32_t *nr);

/* A close-on-exec pidfd of a process; it belongs to the caller.  ESRCH. */
int usm_client_pidfd(pid_t pid, int *pidfd);

/* Tags the process behind pidfd (not consumed); member may be NULL. */
int usm_client_bind(int fd, uint32_t instance, int pidfd,
		    enum usm_inherit inherit, uint32_t *member);

/* Untags it. */
int usm_client_unbind(int fd, uint32_t instance, int pidfd);

/*
 * Every process of a cgroup v2 directory (open, not consumed), now and later,
 * and the end of that; out, unbound may be NULL.
 */
int usm_client_bind_cgroup(int fd, uint32_t instance, int cgroup_fd,
			   uint32_t inherit, struct usm_bind_cgroup *out);
int usm_client_unbind_cgroup(int fd, uint32_t instance, int cgroup_fd,
			     uint32_t *unbound);

/* Bindings by cgroup with an id above after; *nr: room in, filled out. */
int usm_client_cgroups(int fd, uint64_t after, struct usm_cgroup_info *out,
		       uint32_t *nr);

/*
 * Unbinds with its memory; see USM_UNBIND_DRAIN.  `step` (zeroed to begin) has
 * .limit and .addr in and the results out, also on -ENOMEM and -EINTR.
 */
int usm_client_drain(int fd, uint32_t instance, int pidfd,
		     struct usm_unbind *step);

/*
 * Moves memory from before the binding into frames; see USM_IOC_ADOPT.  `step`
 * has .instance, .member, .nr and .addr in and the results out, also on
 * -ENOSPC and -EINTR.
 */
int usm_client_adopt(int fd, struct usm_adopt *step);

#endif /* USM_COMMON_CLIENT_MEMBERS_H */
