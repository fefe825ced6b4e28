// SPDX-License-Identifier: GPL-2.0
/* The commands that give frames ahead, and take them back. */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "device/device.h"
#include "evict/record.h"
#include "grants/grants.h"
#include "instance/instance.h"
#include "pool/pool.h"

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

static int check_entry(const struct usm_grant_entry *entry)
{
	u64 bytes = (u64)entry->frames << PAGE_SHIFT;
	u64 page = entry->addr >> PAGE_SHIFT;

	if (!PAGE_ALIGNED(entry->addr) || entry->frames == 0 ||
	    entry->frames > USM_GRANT_MAX || entry->addr >= TASK_SIZE_MAX ||
	    bytes > TASK_SIZE_MAX - entry->addr ||
	    entry->around > USM_AROUND_MAX || entry->order > USM_ORDER_MAX ||
	    entry->flags & ~USM_GRANT_ZEROED || entry->reserved)
		return -EINVAL;
	if (entry->first >= usm_pool_frames() ||
	    entry->frames > usm_pool_frames() - entry->first)
		return -EPERM;
	/* Large pages are aligned on both sides. */
	if ((usm_pool.base_pfn + entry->first - page) % (1U << entry->order))
		return -EINVAL;
	return 0;
}

long usm_device_grant(struct usm_instance *instance, struct usm_grant *grant)
{
	struct usm_grant_entry __user *user = u64_to_user_ptr(grant->ptr);
	struct usm_grant_entry entry;
	u32 i;

	if (grant->nr > USM_BATCH_MAX || grant->reserved[0] ||
	    grant->reserved[1])
		return -EINVAL;
	grant->done = 0;
	for (i = 0; i < grant->nr; i++) {
		if (copy_from_user(&entry, &user[i], sizeof(entry)))
			return i ? 0 : -EFAULT;
		entry.result = check_entry(&entry);
		if (!entry.result)
			entry.result = usm_grants_add(instance, &entry);
		if (entry.result == 0)
			grant->done++;
		else if (entry.result != -ESRCH && entry.result != -ENOMEM)
			atomic64_inc(&instance->bad_commands);
		if (put_user(entry.result, &user[i].result))
			return -EFAULT;
	}
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
