// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/usm and /proc/usmPgs.  Each speaks of the one instance whose daemon
 * opened it, to one reader at a time, and falls silent when that daemon's
 * claim ends.
 */
#include <linux/poll.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "device/device.h"
#include "frames/frames.h"
#include "instance/instance.h"
#include "pool/pool.h"

/* Frame numbers copied at once from the list to the reader. */
#define FREED_BATCH 64

struct proc_reader {
	struct usm_instance *instance; /* with a reference */
	u32 attach_gen;
};

static bool still_attached(const struct proc_reader *reader)
{
	return usm_instance_attached(reader->instance) &&
	       READ_ONCE(reader->instance->attach_gen) == reader->attach_gen;
}

/* @taken: the instance's flag for this file. */
static int reader_open(struct file *file, size_t taken)
{
	struct proc_reader *reader;
	struct usm_instance *instance;
	bool *flag;
	int err = 0;

	instance = usm_instance_of_caller();
	if (!instance)
		return -EPERM;
	reader = kmalloc(sizeof(*reader), GFP_KERNEL_ACCOUNT);
	if (!reader) {
		err = -ENOMEM;
		goto err_instance;
	}

	flag = (bool *)((u8 *)instance + taken);
	spin_lock(&instance->lock);
	/* The attachment may have changed hands since we looked. */
	if (instance->daemon != task_tgid(current))
		err = -EPERM;
	else if (*flag)
		err = -EBUSY;
	else
		*flag = true;
	reader->attach_gen = instance->attach_gen;
	spin_unlock(&instance->lock);
	if (err)
		goto err_reader;

	reader->instance = instance;
	file->private_data = reader;
	return nonseekable_open(file_inode(file), file);

err_reader:
	kfree(reader);
err_instance:
	usm_instance_put(instance);
	return err;
}

static void reader_release(struct file *file, size_t taken)
{
	struct proc_reader *reader = file->private_data;
	struct usm_instance *instance = reader->instance;

	spin_lock(&instance->lock);
	if (instance->attach_gen == reader->attach_gen)
		*(bool *)((u8 *)instance + taken) = false;
	spin_unlock(&instance->lock);
	usm_instance_put(instance);
	kfree(reader);
}

/* ---- /proc/usm --------------------------------------------------------------- */

static bool event_ready(struct usm_instance *instance)
{
	return !kfifo_is_empty(&instance->events) ||
	       READ_ONCE(instance->events_lost);
}

static bool next_event(struct usm_instance *instance, struct usm_event *event)
{
	bool got = true;

	spin_lock(&instance->lock);
	if (!kfifo_get(&instance->events, event)) {
		got = instance->events_lost;
		memset(event, 0, sizeof(*event));
		event->type = USM_EVENT_LOST;
		instance->events_lost = false;
	}
	spin_unlock(&instance->lock);
	return got;
}

static ssize_t events_read(struct file *file, char __user *buffer, size_t size,
			   loff_t *pos)
{
	struct proc_reader *reader = file->private_data;
	struct usm_instance *instance = reader->instance;
	struct usm_event event;
	size_t done = 0;
	int err;

	if (size < sizeof(event))
		return -EINVAL;
	for (;;) {
		if (!still_attached(reader))
			return done;
		while (done + sizeof(event) <= size &&
		       next_event(instance, &event)) {
			if (copy_to_user(buffer + done, &event,
					 sizeof(event))) {
				/* This one is gone, and the reader is told. */
				WRITE_ONCE(instance->events_lost, true);
				return done ?: -EFAULT;
			}
			done += sizeof(event);
		}
		if (done)
			return done;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(instance->event_wait,
					       event_ready(instance) ||
						       !still_attached(reader));
		if (err)
			return err;
	}
}

static __poll_t events_poll(struct file *file, poll_table *wait)
{
	struct proc_reader *reader = file->private_data;

	poll_wait(file, &reader->instance->event_wait, wait);
	if (!still_attached(reader))
		return EPOLLHUP;
	return event_ready(reader->instance) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int events_open(struct inode *inode, struct file *file)
{
	return reader_open(file, offsetof(struct usm_instance, events_open));
}

static int events_release(struct inode *inode, struct file *file)
{
	reader_release(file, offsetof(struct usm_instance, events_open));
	return 0;
}

static const struct proc_ops events_ops = {
	.proc_open = events_open,
	.proc_read = events_read,
	.proc_poll = events_poll,
	.proc_release = events_release,
	.proc_lseek = noop_llseek,
};

/* ---- /proc/usmPgs -------------------------------------------------------------- */

static bool freed_ready(struct usm_instance *instance)
{
	return READ_ONCE(instance->home_first) != USM_FRAME_NONE;
}

static ssize_t freed_read(struct file *file, char __user *buffer, size_t size,
			  loff_t *pos)
{
	struct proc_reader *reader = file->private_data;
	struct usm_instance *instance = reader->instance;
	u64 frames[FREED_BATCH];
	size_t done = 0;
	u32 n, frame;
	int err;

	if (size < sizeof(u64))
		return -EINVAL;
	while (still_attached(reader)) {
		size_t room =
			min_t(size_t, (size - done) / sizeof(u64), FREED_BATCH);

		for (n = 0; n < room; n++) {
			frame = usm_frame_pop_home(instance);
			if (frame == USM_FRAME_NONE)
				break;
			frames[n] = usm_pool.base_pfn + frame;
		}
		if (copy_to_user(buffer + done, frames, n * sizeof(u64))) {
			while (n-- > 0)
				usm_frame_unpop_home(instance,
						     frames[n] -
							     usm_pool.base_pfn);
			return done ?: -EFAULT;
		}
		done += n * sizeof(u64);
		/* A full batch: there may be more, and room for it. */
		if (n == FREED_BATCH)
			continue;
		if (done)
			break;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(instance->home_wait,
					       freed_ready(instance) ||
						       !still_attached(reader));
		if (err)
			return err;
	}
	return done;
}

static __poll_t freed_poll(struct file *file, poll_table *wait)
{
	struct proc_reader *reader = file->private_data;

	poll_wait(file, &reader->instance->home_wait, wait);
	if (!still_attached(reader))
		return EPOLLHUP;
	return freed_ready(reader->instance) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int freed_open(struct inode *inode, struct file *file)
{
	return reader_open(file, offsetof(struct usm_instance, home_open));
}

static int freed_release(struct inode *inode, struct file *file)
{
	reader_release(file, offsetof(struct usm_instance, home_open));
	return 0;
}

static const struct proc_ops freed_ops = {
	.proc_open = freed_open,
	.proc_read = freed_read,
	.proc_poll = freed_poll,
	.proc_release = freed_release,
	.proc_lseek = noop_llseek,
};

/* ---- both ------------------------------------------------------------------------ */

/* Anyone may try: open() decides by who the caller is. */
#define PROC_MODE 0444

int usm_proc_init(void)
{
	if (!proc_create("usm", PROC_MODE, NULL, &events_ops))
		goto err;
	if (!proc_create("usmPgs", PROC_MODE, NULL, &freed_ops))
		goto err_events;
	return 0;

err_events:
	remove_proc_entry("usm", NULL);
err:
	pr_err("cannot create /proc/usm and /proc/usmPgs\n");
	return -ENOMEM;
}

void usm_proc_exit(void)
{
	remove_proc_entry("usmPgs", NULL);
	remove_proc_entry("usm", NULL);
}
