/* SPDX-License-Identifier: MIT */
#include "common/client/members.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/client/call.h"

int usm_client_members(int fd, uint32_t instance, uint32_t after,
		       struct usm_member_info *out, uint32_t *nr)
{
	struct usm_members arg = {
		.ptr = usm_call_ptr(out),
		.nr = *nr,
		.instance = instance,
		.after = after,
	};
	int err = usm_client_call(fd, USM_IOC_MEMBERS, &arg);

	if (!err)
		*nr = arg.nr;
	return err;
}

int usm_client_pidfd(pid_t pid, int *pidfd)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return -errno;
	*pidfd = (int)fd;
	return 0;
}

int usm_client_bind(int fd, uint32_t instance, int pidfd,
		    enum usm_inherit inherit, uint32_t *member)
{
	struct usm_bind arg = {
		.instance = instance,
		.pidfd = pidfd,
		.inherit = inherit,
	};
	int err = usm_client_call(fd, USM_IOC_BIND, &arg);

	if (!err && member)
		*member = arg.member;
	return err;
}

int usm_client_unbind(int fd, uint32_t instance, int pidfd)
{
	struct usm_unbind arg = { .instance = instance, .pidfd = pidfd };

	return usm_client_call(fd, USM_IOC_UNBIND, &arg);
}

int usm_client_bind_cgroup(int fd, uint32_t instance, int cgroup_fd,
			   uint32_t inherit, struct usm_bind_cgroup *out)
{
	struct usm_bind_cgroup arg = {
		.instance = instance,
		.cgroup_fd = cgroup_fd,
		.inherit = inherit,
	};
	int err = usm_client_call(fd, USM_IOC_BIND_CGROUP, &arg);

	if (!err && out)
		*out = arg;
	return err;
}

int usm_client_unbind_cgroup(int fd, uint32_t instance, int cgroup_fd,
			     uint32_t *unbound)
{
	struct usm_unbind_cgroup arg = { .instance = instance,
					 .cgroup_fd = cgroup_fd };
	int err = usm_client_call(fd, USM_IOC_UNBIND_CGROUP, &arg);

	if (!err && unbound)
		*unbound = arg.unbound;
	return err;
}

int usm_client_cgroups(int fd, uint64_t after, struct usm_cgroup_info *out,
		       uint32_t *nr)
{
	struct usm_cgroups arg = {
		.ptr = usm_call_ptr(out),
		.after = after,
		.nr = *nr,
	};
	int err = usm_client_call(fd, USM_IOC_CGROUPS, &arg);

	if (!err)
		*nr = arg.nr;
	return err;
}

int usm_client_drain(int fd, uint32_t instance, int pidfd,
		     struct usm_unbind *step)
{
	struct usm_unbind arg = {
		.instance = instance,
		.pidfd = pidfd,
		.flags = USM_UNBIND_DRAIN,
		.limit = step->limit,
		.addr = step->addr,
	};
	int err = usm_client_call(fd, USM_IOC_UNBIND, &arg);

	if (!err || err == -ENOMEM || err == -EINTR)
		*step = arg;
	return err;
}

int usm_client_adopt(int fd, struct usm_adopt *step)
{
	struct usm_adopt arg = {
		.instance = step->instance,
		.member = step->member,
		.addr = step->addr,
		.nr = step->nr,
	};
	int err = usm_client_call(fd, USM_IOC_ADOPT, &arg);

	if (!err || err == -ENOSPC || err == -EINTR)
		*step = arg;
	return err;
}
