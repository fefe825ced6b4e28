/* SPDX-License-Identifier: GPL-2.0 */
/* The ioctls that bind by cgroup; structures are kernel copies. */
#ifndef USM_DEVICE_CGROUPS_H
#define USM_DEVICE_CGROUPS_H

struct file;

long usm_do_bind_cgroup(struct file *file, void *arg);
long usm_do_unbind_cgroup(struct file *file, void *arg);
long usm_do_cgroups(struct file *file, void *arg);

#endif /* USM_DEVICE_CGROUPS_H */
