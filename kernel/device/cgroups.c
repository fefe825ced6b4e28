// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "device/cgroups.h"
#include "tags/cgroup.h"

long usm_do_bind_cgroup(struct file *file, void *arg)
{
	return usm_bind_cgroup(arg);
}

long usm_do_unbind_cgroup(struct file *file, void *arg)
{
	return usm_unbind_cgroup(arg);
}

long usm_do_cgroups(struct file *file, void *arg)
{
	struct usm_cgroups *cgroups = arg;
	u32 room = min(cgroups->nr, (u32)USM_CGROUPS_MAX);
	struct usm_cgroup_info *info;
	u32 filled;
	long err = 0;

	if (cgroups->reserved0 || cgroups->reserved[0] || cgroups->reserved[1])
		return -EINVAL;
	info = kvmalloc_array(max(room, 1u), sizeof(*info), GFP_KERNEL_ACCOUNT);
	if (!info)
		return -ENOMEM;
	filled = usm_cgroups_list(cgroups->after, info, room);
	if (copy_to_user(u64_to_user_ptr(cgroups->ptr), info,
			 filled * sizeof(*info)))
		err = -EFAULT;
	cgroups->nr = filled;
	kvfree(info);
	return err;
}
