// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "channel/channel.h"
#include "channel/doorbell.h"
#include "channel/slots.h"
#include "device/cgroups.h"
#include "device/device.h"
#include "frames/frames.h"
#include "frames/home.h"
#include "frames/large.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "tags/tags.h"

struct device_file {
	/* Set once by a claim, with a reference; gone with the file. */
	struct usm_instance *instance;
	struct mutex claim_lock;
};

struct usm_instance *usm_device_claim_of(struct file *file)
{
	struct device_file *df = file->private_data;

	return smp_load_acquire(&df->instance);
}

/* The instance that @file claims and is the daemon of, still. */
static struct usm_instance *attached(struct file *file)
{
	struct usm_instance *instance = usm_device_claim_of(file);

	return instance && READ_ONCE(instance->owner_file) == file ? instance
								   : NULL;
}

static int device_open(struct inode *inode, struct file *file)
{
	struct device_file *df = kzalloc(sizeof(*df), GFP_KERNEL_ACCOUNT);

	if (!df)
		return -ENOMEM;
	mutex_init(&df->claim_lock);
	file->private_data = df;
	file->f_mapping = usm_slice_mapping();
	return 0;
}

static int device_release(struct inode *inode, struct file *file)
{
	struct device_file *df = file->private_data;

	usm_waker_unregister(file);
	if (df->instance) {
		usm_instance_detach(df->instance, file);
		usm_instance_put(df->instance);
	}
	kfree(df);
	return 0;
}

/* ---- ioctls: structures arrive and leave as kernel copies ------------------ */

static long do_info(struct file *file, void *arg)
{
	struct usm_info *info = arg;

	if (info->abi != USM_ABI_VERSION)
		return -EPROTO;
	if (info->flags || info->reserved0 ||
	    memchr_inv(info->reserved, 0, sizeof(info->reserved)))
		return -EINVAL;
	memset(info, 0, sizeof(*info));
	info->abi = USM_ABI_VERSION;
	info->features = USM_FEATURE_COW | USM_FEATURE_GRANTS |
			 USM_FEATURE_EVICT | USM_FEATURE_RESIZE |
			 USM_FEATURE_CGROUP;
	if (usm_large_supported())
		info->features |= USM_FEATURE_LARGE;
	if (IS_ENABLED(CONFIG_PER_VMA_LOCK))
		info->features |= USM_FEATURE_VMA_LOCK;
	strscpy(info->backend, usm_pool.backend->name, sizeof(info->backend));
	info->base_pfn = usm_pool.base_pfn;
	info->pool_frames = usm_pool.frames;
	mutex_lock(&usm_instances_lock);
	info->free_frames = usm_pool.free;
	info->starting_frames = usm_pool.starting;
	mutex_unlock(&usm_instances_lock);
	info->nr_instances = usm_instances_count();
	info->waker = usm_waker_fresh();
	return 0;
}

static long do_list(struct file *file, void *arg)
{
	struct usm_instance_info __user *out;
	struct usm_list *list = arg;
	struct usm_instance *instance;
	struct usm_instance_info *info;
	u32 filled = 0, next = list->first;
	long err = 0;

	if (list->reserved[0] || list->reserved[1])
		return -EINVAL;
	info = kmalloc(sizeof(*info), GFP_KERNEL_ACCOUNT);
	if (!info)
		return -ENOMEM;
	out = u64_to_user_ptr(list->ptr);
	while (filled < min(list->nr, (u32)USM_BATCH_MAX)) {
		instance = usm_instance_next(next);
		if (!instance)
			break;
		usm_instance_describe(instance, info);
		next = instance->id + 1;
		usm_instance_put(instance);
		if (copy_to_user(out + filled, info, sizeof(*info))) {
			err = -EFAULT;
			break;
		}
		filled++;
	}
	kfree(info);
	list->nr = filled;
	return err;
}

static long do_members(struct file *file, void *arg)
{
	struct usm_members *members = arg;
	struct usm_instance *instance;
	struct usm_member_info *info;
	u32 room = min(members->nr, (u32)USM_BATCH_MAX);
	u32 filled;
	long err = 0;

	if (members->reserved0 || members->reserved[0] || members->reserved[1])
		return -EINVAL;
	instance = usm_instance_by_id(members->instance);
	if (!instance)
		return -ENODEV;
	info = kvmalloc_array(max(room, 1u), sizeof(*info), GFP_KERNEL_ACCOUNT);
	if (!info) {
		err = -ENOMEM;
		goto out_instance;
	}
	filled = usm_instance_members(instance, members->after, info, room);
	if (copy_to_user(u64_to_user_ptr(members->ptr), info,
			 filled * sizeof(*info)))
		err = -EFAULT;
	members->nr = filled;
	kvfree(info);
out_instance:
	usm_instance_put(instance);
	return err;
}

static long do_bind(struct file *file, void *arg)
{
	return usm_bind(arg);
}

static long do_unbind(struct file *file, void *arg)
{
	return usm_unbind(arg);
}

static long do_claim(struct file *file, void *arg)
{
	struct device_file *df = file->private_data;
	struct usm_instance *instance;
	long err = -EBUSY;

	mutex_lock(&df->claim_lock);
	if (!df->instance) {
		err = usm_instance_claim(file, arg, &instance);
		if (!err)
			smp_store_release(&df->instance, instance);
	}
	mutex_unlock(&df->claim_lock);
	return err;
}

static long do_worker(struct file *file, void *arg)
{
	struct usm_instance *instance = attached(file);
	const struct usm_worker *worker = arg;

	if (!instance)
		return -EPERM;
	if (worker->flags || worker->reserved[0] || worker->reserved[1])
		return -EINVAL;
	return usm_worker_register(instance, worker->worker);
}

static long do_map(struct file *file, void *arg)
{
	struct usm_instance *instance = attached(file);
	struct usm_map_entry __user *user;
	struct usm_map *map = arg;
	struct usm_map_entry entry;
	u32 i;

	if (!instance)
		return -EPERM;
	if (map->nr > USM_BATCH_MAX || map->reserved[0] || map->reserved[1])
		return -EINVAL;

	user = u64_to_user_ptr(map->ptr);
	map->done = 0;
	for (i = 0; i < map->nr; i++) {
		if (copy_from_user(&entry, &user[i], sizeof(entry)))
			return i ? 0 : -EFAULT;
		entry.result = usm_slot_answer(instance, entry.slot, entry.gen,
					       entry.frame);
		if (entry.result == 0)
			map->done++;
		if (put_user(entry.result, &user[i].result))
			return -EFAULT;
	}
	return 0;
}

static long do_scan(struct file *file, void *arg)
{
	struct usm_instance *instance = attached(file);
	struct usm_scan *scan = arg;

	if (!instance)
		return -EPERM;
	if (scan->flags || scan->reserved[0] || scan->reserved[1])
		return -EINVAL;
	scan->home = usm_home_scan(instance);
	return 0;
}

static long do_frames(struct file *file, void *arg)
{
	struct usm_instance *instance = attached(file);
	struct usm_frames *frames = arg;
	struct usm_frame_info *info;
	long err = 0;

	if (!instance)
		return -EPERM;
	if (frames->nr == 0 || frames->nr > USM_BATCH_MAX ||
	    frames->reserved[0] || frames->reserved[1] ||
	    frames->first > usm_pool_frames() ||
	    frames->nr > usm_pool_frames() - frames->first)
		return -EINVAL;
	info = kvmalloc_array(frames->nr, sizeof(*info), GFP_KERNEL_ACCOUNT);
	if (!info)
		return -ENOMEM;
	usm_frames_describe(instance, frames->first, frames->nr, info);
	if (copy_to_user(u64_to_user_ptr(frames->ptr), info,
			 frames->nr * sizeof(*info)))
		err = -EFAULT;
	kvfree(info);
	return err;
}

static long do_push(struct file *file, void *arg)
{
	struct usm_instance *instance = attached(file);

	return instance ? usm_device_push(instance, arg) : -EPERM;
}

static long do_grant(struct file *file, void *arg)
{
	struct usm_instance *instance = attached(file);

	return instance ? usm_device_grant(instance, arg) : -EPERM;
}

static long do_free(struct file *file, void *arg)
{
	struct usm_instance *instance = attached(file);

	return instance ? usm_device_free(instance, arg) : -EPERM;
}

static long do_evict(struct file *file, void *arg)
{
	struct usm_instance *instance = attached(file);

	return instance ? usm_device_evict(instance, arg) : -EPERM;
}

static long do_swapin(struct file *file, void *arg)
{
	struct usm_instance *instance = attached(file);

	return instance ? usm_device_swapin(instance, arg) : -EPERM;
}

static long do_pages(struct file *file, void *arg)
{
	struct usm_instance *instance = attached(file);

	return instance ? usm_device_pages(instance, arg) : -EPERM;
}

static long do_evicted(struct file *file, void *arg)
{
	struct usm_instance *instance = attached(file);

	return instance ? usm_device_evicted(instance, arg) : -EPERM;
}

static long do_destroy(struct file *file, void *arg)
{
	const struct usm_destroy *destroy = arg;
	struct usm_instance *instance;
	long err;

	if (destroy->flags || destroy->reserved[0] || destroy->reserved[1])
		return -EINVAL;
	instance = usm_instance_by_id(destroy->instance);
	if (!instance)
		return -ENODEV;
	err = usm_instance_destroy(instance, file);
	usm_instance_put(instance);
	return err;
}

static long do_waker(struct file *file, void *arg)
{
	const struct usm_waker *waker = arg;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (waker->flags || waker->reserved0 || waker->reserved[0] ||
	    waker->reserved[1])
		return -EINVAL;
	return usm_waker_register(file);
}

static long do_waker_wait(struct file *file, void *arg)
{
	return usm_waker_wait(file, arg);
}

static const struct {
	unsigned int cmd;
	long (*run)(struct file *file, void *arg);
} commands[] = {
	{ USM_IOC_INFO, do_info },
	{ USM_IOC_LIST, do_list },
	{ USM_IOC_MEMBERS, do_members },
	{ USM_IOC_BIND, do_bind },
	{ USM_IOC_UNBIND, do_unbind },
	{ USM_IOC_BIND_CGROUP, usm_do_bind_cgroup },
	{ USM_IOC_UNBIND_CGROUP, usm_do_unbind_cgroup },
	{ USM_IOC_CGROUPS, usm_do_cgroups },
	{ USM_IOC_ADOPT, usm_device_adopt },
	{ USM_IOC_CLAIM, do_claim },
	{ USM_IOC_WORKER, do_worker },
	{ USM_IOC_MAP, do_map },
	{ USM_IOC_SCAN, do_scan },
	{ USM_IOC_FRAMES, do_frames },
	{ USM_IOC_DESTROY, do_destroy },
	{ USM_IOC_RESIZE, usm_device_resize },
	{ USM_IOC_EXTENTS, usm_device_extents },
	{ USM_IOC_MOVE, usm_device_move },
	{ USM_IOC_PUSH, do_push },
	{ USM_IOC_GRANT, do_grant },
	{ USM_IOC_FREE, do_free },
	{ USM_IOC_EVICT, do_evict },
	{ USM_IOC_SWAPIN, do_swapin },
	{ USM_IOC_PAGES, do_pages },
	{ USM_IOC_EVICTED, do_evicted },
	{ USM_IOC_WAKER, do_waker },
	{ USM_IOC_WAKER_WAIT, do_waker_wait },
};

/* Room for the largest of the structures above. */
#define ARG_MAX_BYTES sizeof(struct usm_claim)

static long device_ioctl(struct file *file, unsigned int cmd,
			 unsigned long user)
{
	u8 arg[ARG_MAX_BYTES] __aligned(8);
	unsigned int size = _IOC_SIZE(cmd);
	long err;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].cmd == cmd)
			break;
	if (i == ARRAY_SIZE(commands))
		return -ENOTTY;
	if (WARN_ON_ONCE(size > sizeof(arg)))
		return -EINVAL;

	if (copy_from_user(arg, (void __user *)user, size))
		return -EFAULT;
	err = commands[i].run(file, arg);
	/* Also on failure: some say in the structure what would have fitted. */
	if (copy_to_user((void __user *)user, arg, size) && !err)
		err = -EFAULT;
	return err;
}

/* ---- mmap ------------------------------------------------------------------ */

static int mmap_channel(struct file *file, struct vm_area_struct *vma)
{
	struct usm_instance *instance = attached(file);
	struct usm_channel_mem *channel = NULL;
	int err;

	if (!instance)
		return -EPERM;
	spin_lock(&instance->lock);
	if (instance->channel) {
		channel = instance->channel;
		usm_channel_get(channel);
	}
	spin_unlock(&instance->lock);
	if (!channel)
		return -EPERM;
	err = usm_channel_mmap(channel, vma, channel->nr_pages);
	usm_channel_put(channel);
	return err;
}

static int mmap_doorbell(struct vm_area_struct *vma, unsigned long id)
{
	struct usm_channel_mem *channel = NULL;
	struct usm_instance *instance;
	int err = -ENODEV;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (id > USM_INSTANCES_MAX)
		return -EINVAL;
	instance = usm_instance_by_id(id);
	if (!instance)
		return -ENODEV;
	spin_lock(&instance->lock);
	if (instance->channel) {
		channel = instance->channel;
		usm_channel_get(channel);
	}
	spin_unlock(&instance->lock);
	if (channel)
		err = usm_channel_mmap(channel, vma, 1);
	usm_channel_put(channel);
	usm_instance_put(instance);
	return err;
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long page = vma->vm_pgoff;

	if (page >= USM_MMAP_DOORBELL >> PAGE_SHIFT)
		return mmap_doorbell(vma,
				     page - (USM_MMAP_DOORBELL >> PAGE_SHIFT));
	if (page >= USM_MMAP_SLICE >> PAGE_SHIFT)
		return attached(file) ? usm_slice_mmap(vma) : -EPERM;
	if (page == USM_MMAP_CHANNEL >> PAGE_SHIFT)
		return mmap_channel(file, vma);
	return -EINVAL;
}

static const struct file_operations device_ops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.unlocked_ioctl = device_ioctl,
	.mmap = device_mmap,
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "USMMcd",
	.fops = &device_ops,
	.mode = 0660,
};

int usm_device_init(void)
{
	int err = misc_register(&device);

	if (err)
		pr_err("cannot register /dev/USMMcd (%d)\n", err);
	return err;
}

void usm_device_exit(void)
{
	misc_deregister(&device);
}
