// SPDX-License-Identifier: GPL-2.0
/* One page at a time to a frame of the policy's choice. */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/mm.h>

#include "compat/pages.h"
#include "frames/frames.h"
#include "frames/home.h"
#include "instance/instance.h"
#include "moves/moves.h"
#include "pool/pool.h"
#include "ptes/ptes.h"
#include "ptes/replace.h"
#include "tags/tags.h"

/* By frame: whose it is, and where it was mapped last. */
static int find_place(struct usm_instance *instance,
		      struct usm_move_entry *entry, u32 *member)
{
	struct usm_frame *frame;
	int err = -ENOENT;

	spin_lock(&instance->lock);
	frame = usm_frame_owned(instance, entry->frame);
	if (frame && frame->state == USM_FRAME_MAPPED && frame->tag) {
		*member = frame->tag->member;
		entry->addr = frame->addr;
		err = 0;
	}
	spin_unlock(&instance->lock);
	return err;
}

/* The frame of ours that is mapped at @addr, or NULL. */
static struct page *mapped_at(struct usm_instance *instance,
			      struct mm_struct *mm, unsigned long addr)
{
	pte_t entry = usm_pte_read(mm, addr);
	struct page *page;

	if (!pte_present(entry) || pte_special(entry) ||
	    !pfn_valid(pte_pfn(entry)))
		return NULL;
	page = pfn_to_page(pte_pfn(entry));
	if (!usm_pool_contains(page) ||
	    READ_ONCE(
		    usm_frame(page_to_pfn(page) - usm_pool.base_pfn)->owner) !=
		    instance->id)
		return NULL;
	return page;
}

/* mmap_lock is held. */
static int move_locked(struct usm_tag *tag, struct mm_struct *mm,
		       struct usm_move_entry *entry)
{
	struct usm_instance *instance = tag->instance;
	struct vm_area_struct *vma = find_vma(mm, entry->addr);
	struct page *old, *fresh;
	u32 from;
	int err;

	if (!vma || vma->vm_start > entry->addr)
		return -ENOENT;
	if (usm_pmd_read(mm, entry->addr, NULL) == USM_PMD_LEAF)
		usm_split_pmd(vma, entry->addr);
	old = mapped_at(instance, mm, entry->addr);
	if (!old)
		return -ENOENT;
	from = page_to_pfn(old) - usm_pool.base_pfn;
	if (entry->member == 0 && from != entry->frame)
		return -ENOENT;
	if (!usm_pte_replaceable(vma, old))
		return -EBUSY;
	err = usm_frame_grant(instance, entry->target);
	if (err)
		return err;

	fresh = usm_frame_use(
		instance, array_index_nospec(entry->target, usm_pool_frames()),
		tag, entry->addr);
	err = usm_pte_replace(vma, entry->addr, old, fresh, false);
	put_page(err ? fresh : old);
	if (!err)
		entry->frame = from;
	usm_home_hint(instance);
	return err == -EAGAIN ? -ENOENT : err;
}

int usm_move(struct usm_instance *instance, struct usm_move_entry *entry)
{
	u32 member = entry->member;
	struct mm_struct *mm;
	struct usm_tag *tag;
	int err;

	if (entry->addr & ~PAGE_MASK)
		return -EINVAL;
	if (member == 0) {
		err = find_place(instance, entry, &member);
		if (err)
			return err;
	}
	tag = usm_tag_next(instance, member - 1, &mm);
	if (!tag)
		return -ESRCH;
	if (tag->member != member) {
		err = -ESRCH;
	} else if (!mmap_read_trylock(mm)) {
		err = -EAGAIN;
	} else {
		err = move_locked(tag, mm, entry);
		mmap_read_unlock(mm);
	}
	mmput(mm);
	usm_tag_put(tag);
	return err;
}
