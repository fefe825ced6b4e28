// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pid_namespace.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "channel/channel.h"

/* Header page, then the slots, then PFQ and the notices on pages of their own. */
#define SLOTS_OFFSET PAGE_SIZE

static size_t slots_bytes(u32 nr_slots)
{
	return PAGE_ALIGN(nr_slots * sizeof(struct usm_slot));
}

#define PFQ_OFFSET(nr_slots) (SLOTS_OFFSET + slots_bytes(nr_slots))
#define NOTICES_OFFSET(nr_slots) \
	(PFQ_OFFSET(nr_slots) + PAGE_ALIGN(sizeof(struct usm_bitfield)))

size_t usm_channel_bytes(u32 nr_slots)
{
	BUILD_BUG_ON(sizeof(struct usm_channel) > SLOTS_OFFSET);
	return NOTICES_OFFSET(nr_slots) +
	       PAGE_ALIGN(sizeof(struct usm_notices));
}

static void put_pages(struct usm_channel_mem *channel)
{
	unsigned int i;

	for (i = 0; i < channel->nr_pages; i++)
		put_page(channel->pages[i]);
	kvfree(channel->pages);
}

/*
 * The extra reference on each page keeps it in place for as long as the
 * kernel's mapping lasts, whatever becomes of the file.
 */
static int get_pages(struct usm_channel_mem *channel, unsigned int count)
{
	struct address_space *mapping = channel->file->f_mapping;

	channel->pages =
		kvcalloc(count, sizeof(*channel->pages), GFP_KERNEL_ACCOUNT);
	if (!channel->pages)
		return -ENOMEM;
	mapping_set_unevictable(mapping);
	while (channel->nr_pages < count) {
		struct page *page =
			shmem_read_mapping_page(mapping, channel->nr_pages);

		if (IS_ERR(page)) {
			put_pages(channel);
			return PTR_ERR(page);
		}
		set_page_dirty(page);
		channel->pages[channel->nr_pages++] = page;
	}
	return 0;
}

struct usm_channel_mem *usm_channel_new(u32 nr_slots)
{
	size_t bytes = usm_channel_bytes(nr_slots);
	struct usm_channel_mem *channel;
	void *memory;
	int err = -ENOMEM;

	channel = kzalloc(sizeof(*channel), GFP_KERNEL_ACCOUNT);
	if (!channel)
		return ERR_PTR(err);
	kref_init(&channel->ref);

	channel->file = shmem_file_setup("usm-channel", bytes, 0);
	/* It also says ENOSPC, which would speak of the pool. */
	if (IS_ERR(channel->file))
		goto err_channel;
	err = get_pages(channel, bytes >> PAGE_SHIFT);
	if (err)
		goto err_file;
	memory = vmap(channel->pages, channel->nr_pages, VM_MAP, PAGE_KERNEL);
	if (!memory) {
		err = -ENOMEM;
		goto err_pages;
	}

	channel->ns = get_pid_ns(task_active_pid_ns(current));
	channel->header = memory;
	channel->slots = memory + SLOTS_OFFSET;
	channel->pfq = memory + PFQ_OFFSET(nr_slots);
	channel->notices = memory + NOTICES_OFFSET(nr_slots);
	channel->header->abi = USM_ABI_VERSION;
	channel->header->nr_slots = nr_slots;
	channel->header->slots_offset = SLOTS_OFFSET;
	channel->header->pfq_offset = PFQ_OFFSET(nr_slots);
	channel->header->notices_offset = NOTICES_OFFSET(nr_slots);
	channel->header->nr_notices = USM_NOTICES;
	return channel;

err_pages:
	put_pages(channel);
err_file:
	fput(channel->file);
err_channel:
	kfree(channel);
	return ERR_PTR(err);
}

void usm_channel_get(struct usm_channel_mem *channel)
{
	kref_get(&channel->ref);
}

static void free_channel(struct kref *ref)
{
	struct usm_channel_mem *channel =
		container_of(ref, struct usm_channel_mem, ref);

	vunmap(channel->header);
	put_pages(channel);
	fput(channel->file);
	put_pid_ns(channel->ns);
	kfree(channel);
}

void usm_channel_put(struct usm_channel_mem *channel)
{
	if (channel)
		kref_put(&channel->ref, free_channel);
}

int usm_channel_mmap(struct usm_channel_mem *channel,
		     struct vm_area_struct *vma, unsigned int pages)
{
	if (vma_pages(vma) != pages || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vma->vm_pgoff = 0;
	vma_set_file(vma, channel->file);
	return channel->file->f_op->mmap(channel->file, vma);
}
