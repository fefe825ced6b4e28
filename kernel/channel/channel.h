/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory a daemon shares with the kernel.  It is a shmem file, not plain
 * kernel memory, so that futexes work on it between processes.  The daemon
 * may write anything in it at any time: nothing read from it is believed, and
 * every word is read once.
 *
 * Each attachment gets its own, so a mapping that a dead daemon left behind
 * talks to nobody.
 */
#ifndef USM_CHANNEL_H
#define USM_CHANNEL_H

#include <linux/fs.h>
#include <linux/kref.h>

#include "usm.h"

struct usm_channel_mem {
	struct kref ref;
	struct file *file;
	struct page **pages;
	unsigned int nr_pages;
	struct usm_channel *header;
	struct usm_slot *slots;
	struct usm_bitfield *pfq;
	struct usm_notices *notices;
	u32 attach_gen; /* which attachment it is of; constant once attached */
	struct pid_namespace *ns; /* of the daemon: PIDs are shown in it */
};

/* Bytes of a channel with that many slots, whole pages. */
size_t usm_channel_bytes(u32 nr_slots);

/*
 * usm_channel_new() - zeroed but for the header; an ERR_PTR.  The calling
 * process is the daemon.  Sleeps.
 */
struct usm_channel_mem *usm_channel_new(u32 nr_slots);
void usm_channel_get(struct usm_channel_mem *channel);
/* NULL is fine; the last one frees. Sleeps. */
void usm_channel_put(struct usm_channel_mem *channel);

/*
 * usm_channel_mmap() - make @vma a mapping of the channel's first @pages
 * pages. -EINVAL for another size or a private mapping.
 */
int usm_channel_mmap(struct usm_channel_mem *channel,
		     struct vm_area_struct *vma, unsigned int pages);

#endif /* USM_CHANNEL_H */
