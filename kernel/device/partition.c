// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "device/device.h"
#include "instance/instance.h"
#include "moves/moves.h"

static bool claims(struct file *file, struct usm_instance *instance)
{
	return instance && READ_ONCE(instance->owner_file) == file;
}

long usm_device_resize(struct file *file, void *arg)
{
	struct usm_resize *resize = arg;
	struct usm_instance *instance = usm_instance_by_id(resize->instance);
	long err;

	if (!instance)
		return -ENODEV;
	err = usm_instance_resize(instance, file, resize);
	usm_instance_put(instance);
	return err;
}

long usm_device_extents(struct file *file, void *arg)
{
	struct usm_extents *extents = arg;
	struct usm_instance *instance = usm_instance_by_id(extents->instance);
	long err;

	if (!instance)
		return -ENODEV;
	err = usm_instance_extents(instance, file, extents);
	usm_instance_put(instance);
	return err;
}

long usm_device_adopt(struct file *file, void *arg)
{
	struct usm_adopt *adopt = arg;
	struct usm_instance *instance = usm_instance_by_id(adopt->instance);
	long err = -EPERM;

	if (!instance)
		return -ENODEV;
	if (capable(CAP_SYS_ADMIN) || claims(file, instance))
		err = usm_adopt(instance, adopt);
	usm_instance_put(instance);
	return err;
}

long usm_device_move(struct file *file, void *arg)
{
	struct usm_instance *instance = usm_device_claim_of(file);
	struct usm_move *move = arg;
	struct usm_move_entry __user *user = u64_to_user_ptr(move->ptr);
	struct usm_move_entry entry;
	u32 i;

	if (!claims(file, instance))
		return -EPERM;
	if (move->nr > USM_BATCH_MAX || move->reserved[0] || move->reserved[1])
		return -EINVAL;
	move->done = 0;
	for (i = 0; i < move->nr; i++) {
		if (fatal_signal_pending(current))
			return i ? 0 : -EINTR;
		if (copy_from_user(&entry, &user[i], sizeof(entry)))
			return i ? 0 : -EFAULT;
		entry.result = usm_move(instance, &entry);
		if (entry.result == 0)
			move->done++;
		else if (entry.result == -EPERM || entry.result == -EINVAL)
			atomic64_inc(&instance->bad_commands);
		if (copy_to_user(&user[i], &entry, sizeof(entry)))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}
