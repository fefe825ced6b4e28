// SPDX-License-Identifier: GPL-2.0
/* The commands that take pages away, bring them back, and look at them. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "device/device.h"
#include "evict/evict.h"
#include "evict/record.h"
#include "instance/instance.h"

/* Entries are copied as a whole, so the daemon cannot change one half way. */
long usm_device_evict(struct usm_instance *instance, struct usm_evict *evict)
{
	void __user *user = u64_to_user_ptr(evict->ptr);
	struct usm_evict_entry *entries;
	size_t bytes = evict->nr * sizeof(*entries);
	long err = 0;

	if (evict->nr > USM_BATCH_MAX || evict->reserved[0] ||
	    evict->reserved[1])
		return -EINVAL;
	evict->done = 0;
	if (evict->nr == 0)
		return 0;
	entries = memdup_user(user, bytes);
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	evict->done = usm_evict(instance, entries, evict->nr);
	if (copy_to_user(user, entries, bytes))
		err = -EFAULT;
	kfree(entries);
	return err;
}

long usm_device_swapin(struct usm_instance *instance, struct usm_swapin *swapin)
{
	struct usm_swapin_entry __user *user = u64_to_user_ptr(swapin->ptr);
	struct usm_swapin_entry entry;
	u32 i;

	if (swapin->nr > USM_BATCH_MAX || swapin->reserved[0] ||
	    swapin->reserved[1])
		return -EINVAL;
	swapin->done = 0;
	for (i = 0; i < swapin->nr; i++) {
		if (copy_from_user(&entry, &user[i], sizeof(entry)))
			return i ? 0 : -EFAULT;
		entry.result = usm_swapin(instance, &entry);
		if (entry.result == 0)
			swapin->done++;
		else if (entry.result == -EPERM || entry.result == -EINVAL)
			atomic64_inc(&instance->bad_commands);
		if (put_user(entry.result, &user[i].result))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}

long usm_device_pages(struct usm_instance *instance, struct usm_pages *pages)
{
	u64 *words;
	long err;

	if (pages->nr == 0 || pages->nr > USM_PAGES_MAX ||
	    pages->flags &
		    ~(USM_PAGES_CLEAR_ACCESSED | USM_PAGES_CLEAR_DIRTY) ||
	    pages->reserved0 || pages->reserved[0] || pages->reserved[1] ||
	    !PAGE_ALIGNED(pages->addr) || pages->addr >= TASK_SIZE_MAX ||
	    (u64)pages->nr << PAGE_SHIFT > TASK_SIZE_MAX - pages->addr)
		return -EINVAL;
	words = kvmalloc_array(pages->nr, sizeof(*words), GFP_KERNEL_ACCOUNT);
	if (!words)
		return -ENOMEM;
	err = usm_pages(instance, pages, words);
	if (!err && copy_to_user(u64_to_user_ptr(pages->ptr), words,
				 pages->nr * sizeof(*words)))
		err = -EFAULT;
	kvfree(words);
	return err;
}

long usm_device_evicted(struct usm_instance *instance,
			struct usm_evicted *evicted)
{
	struct usm_evicted_info __user *user = u64_to_user_ptr(evicted->ptr);
	u32 room = min(evicted->nr, (u32)USM_BATCH_MAX);
	struct usm_evicted_info info;
	struct usm_record *record;
	u64 after = evicted->after;
	u32 filled = 0;

	if (evicted->reserved0 || evicted->reserved[0] || evicted->reserved[1])
		return -EINVAL;
	while (filled < room && after < U32_MAX) {
		record = usm_record_next(instance, after);
		if (!record)
			break;
		usm_record_describe(record, &info);
		after = record->id;
		usm_record_put(record);
		if (copy_to_user(&user[filled], &info, sizeof(info)))
			return -EFAULT;
		filled++;
	}
	evicted->nr = filled;
	return 0;
}
