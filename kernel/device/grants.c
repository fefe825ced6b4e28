// SPDX-License-Identifier: GPL-2.0
/* The commands that give frames ahead, and take them back. */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "device/device.h"
#include "evict/record.h"
#include "grants/grants.h"
#include "instance/instance.h"

long usm_device_push(struct usm_instance *instance, struct usm_push *push)
{
	u32 *frames;

	if (push->nr > USM_BATCH_MAX || push->flags & ~USM_PUSH_ZEROED ||
	    push->low > USM_MAGAZINE_MAX || push->reserved[0] ||
	    push->reserved[1])
		return -EINVAL;
	frames = memdup_user(u64_to_user_ptr(push->ptr),
			     push->nr * sizeof(*frames));
	if (IS_ERR(frames))
		return PTR_ERR(frames);
	usm_grants_push(instance, frames, push);
	kfree(frames);
	return 0;
}

long usm_device_free(struct usm_instance *instance, struct usm_free *free)
{
	struct usm_free_entry __user *user = u64_to_user_ptr(free->ptr);
	struct usm_free_entry entry;
	u32 i;

	if (free->nr > USM_BATCH_MAX || free->reserved[0] || free->reserved[1])
		return -EINVAL;
	free->done = 0;
	for (i = 0; i < free->nr; i++) {
		if (copy_from_user(&entry, &user[i], sizeof(entry)))
			return i ? 0 : -EFAULT;
		entry.result = usm_grants_free(instance, entry.frame);
		if (entry.result == -ESTALE)
			entry.result = usm_record_stored(instance, entry.frame);
		if (entry.result == 0)
			free->done++;
		else if (entry.result != -ESTALE)
			atomic64_inc(&instance->bad_commands);
		if (put_user(entry.result, &user[i].result))
			return -EFAULT;
	}
	return 0;
}
