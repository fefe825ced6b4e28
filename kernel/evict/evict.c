// SPDX-License-Identifier: GPL-2.0
/*
 * Taking pages out of a member's page table.
 *
 * The address space is locked for writing and the mapping against faults, so
 * between the page and its marker nobody sees the entry empty: neither a
 * fault, which would find fresh zeroes there, nor a fork or mremap.  What
 * takes no lock (GUP-fast) can only have taken a reference before the entry
 * went, and that shows in the count afterwards.
 */
#include <linux/mm.h>
#include <linux/sched/clock.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "compat/compat.h"
#include "compat/pages.h"
#include "evict/evict.h"
#include "evict/places.h"
#include "evict/record.h"
#include "frames/frames.h"
#include "frames/large.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "ptes/ptes.h"
#include "tags/tags.h"

/* Entries handled under one hold of a member's lock, which stops its faults. */
#define EVICT_CHUNK 32
/*
 * How often a reference count is looked at before it counts as pinned:
 * lookups hold one for less than a microsecond.
 */
#define SETTLE_LOOKS 100
/* Ordinary faults hold the lock for less. */
#define LOCK_NS (200 * NSEC_PER_USEC)

/* References of a frame that one page table maps: ours and its own. */
#define REFS_MAPPED_ONCE 2

static bool evictable(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags &
		 (VM_SHARED | VM_HUGETLB | VM_PFNMAP | VM_IO | VM_MIXEDMAP |
		  VM_DROPPABLE | VM_SHADOW_STACK | USM_VM_UFFD));
}

/* The frame of @instance that is mapped at @addr, or USM_FRAME_NONE. */
static u32 frame_at(struct usm_instance *instance, struct mm_struct *mm,
		    unsigned long addr)
{
	pte_t entry = usm_pte_read(mm, addr);
	struct page *page;
	u32 index;
	bool ours;

	if (!pte_present(entry) || !pfn_valid(pte_pfn(entry)))
		return USM_FRAME_NONE;
	page = pte_page(entry);
	if (!usm_pool_contains(page))
		return USM_FRAME_NONE;
	index = pte_pfn(entry) - usm_pool.base_pfn;
	spin_lock(&instance->lock);
	ours = usm_frame(index)->owner == instance->id &&
	       usm_frame(index)->state == USM_FRAME_MAPPED;
	spin_unlock(&instance->lock);
	return ours ? index : USM_FRAME_NONE;
}

/* Is it out of the page table for a moment, as while a large page is split? */
static bool between_frames(struct mm_struct *mm, unsigned long addr)
{
	pte_t entry = usm_pte_read(mm, addr);

	return !pte_none(entry) && !pte_present(entry) &&
	       is_migration_entry(pte_to_swp_entry(entry));
}

/* Did everybody but us let go of the page? */
static bool settled(struct page *page)
{
	int i;

	for (i = 0; i < SETTLE_LOOKS; i++) {
		if (page_ref_count(page) == 1)
			return true;
		cpu_relax();
	}
	return false;
}

/*
 * Somebody got hold of the page at the last moment: it stays what it was.
 * The entry is still empty and everybody locked out, so this cannot fail.
 */
static void put_back(struct vm_area_struct *vma, unsigned long addr,
		     struct page *page)
{
	get_page(page);
	if (WARN_ON_ONCE(usm_pte_install(vma, addr, page, __pte(0))))
		put_page(page);
}

/* The address space is locked for writing. */
static int evict_page(struct usm_instance *instance, struct usm_tag *tag,
		      struct mm_struct *mm, struct usm_evict_entry *entry)
{
	struct vm_area_struct *vma = find_vma(mm, entry->addr);
	struct usm_record *record;
	struct page *page;
	u32 index;
	int err;

	if (!vma || vma->vm_start > entry->addr)
		return -ENOENT;
	if (!evictable(vma))
		return -EOPNOTSUPP;
	if (vma->vm_flags & VM_LOCKED)
		return -EBUSY;
	usm_vma_start_write(vma);

	if (usm_pmd_read(mm, entry->addr, NULL) == USM_PMD_LEAF)
		usm_split_pmd(vma, entry->addr);
	index = frame_at(instance, mm, entry->addr);
	/* It goes alone: of a large page, the rest stays as small ones. */
	if (index != USM_FRAME_NONE && PageCompound(usm_pool_page(index))) {
		if (usm_large_split(instance, index))
			return -EBUSY;
		index = frame_at(instance, mm, entry->addr);
	}
	if (index == USM_FRAME_NONE && between_frames(mm, entry->addr))
		return -EBUSY;
	if (index == USM_FRAME_NONE ||
	    (entry->frame != USM_FRAME_NONE && entry->frame != index))
		return -ENOENT;
	page = usm_pool_page(index);
	if (PageCompound(page) || page_ref_count(page) != REFS_MAPPED_ONCE ||
	    atomic_read(&page->_mapcount) != 0 || PageHWPoison(page))
		return -EBUSY;

	record = usm_record_new(instance, tag, entry->addr, entry->cookie);
	if (!record)
		return -ENOMEM;
	/* The reference that is its places' would go with the only place. */
	err = usm_places_add(mm, entry->addr, record);
	if (err)
		goto err_record;

	usm_record_begin(record, index);
	usm_zap(vma, entry->addr, PAGE_SIZE);
	if (!settled(page)) {
		err = -EBUSY;
		goto err_zapped;
	}
	err = usm_pte_change(mm, entry->addr, __pte(0), usm_marker(record->id));
	if (err)
		goto err_zapped;
	usm_record_hold(record, index);
	entry->frame = index;
	return 0;

err_zapped:
	put_back(vma, entry->addr, page);
	usm_record_abort(record, index);
	usm_places_remove(mm, entry->addr, record);
	return err;
err_record:
	usm_record_drop_place(record);
	return err;
}

/* Who has it, by the frame table: a hint, evict_page() checks. */
static int find_by_frame(struct usm_instance *instance,
			 struct usm_evict_entry *entry, struct usm_tag **tag)
{
	struct usm_frame *frame;
	int err = -ENOENT;

	if (entry->frame >= usm_pool_frames())
		return -ENOENT;
	frame = usm_frame(entry->frame);
	spin_lock(&instance->lock);
	if (frame->owner == instance->id && frame->state == USM_FRAME_MAPPED &&
	    frame->tag) {
		*tag = frame->tag;
		usm_tag_get(*tag);
		entry->addr = frame->addr;
		entry->member = frame->tag->member;
		err = 0;
	}
	spin_unlock(&instance->lock);
	return err;
}

static int find(struct usm_instance *instance, struct usm_evict_entry *entry,
		struct usm_tag **tag)
{
	if (entry->reserved || !PAGE_ALIGNED(entry->addr))
		return -EINVAL;
	if (entry->member == 0)
		return find_by_frame(instance, entry, tag);
	entry->frame = USM_FRAME_NONE;
	*tag = usm_tag_of_member(instance, entry->member);
	return *tag ? 0 : -ESRCH;
}

/*
 * Whoever reads the address space may be waiting for a fault that only the
 * caller answers, so the caller does not wait for them.
 */
static bool lock_for_writing(struct mm_struct *mm)
{
	u64 end = local_clock() + LOCK_NS;

	while (!usm_mmap_write_trylock(mm)) {
		if (local_clock() > end || fatal_signal_pending(current))
			return false;
		cond_resched();
		cpu_relax();
	}
	return true;
}

/*
 * From entries[0] on, what belongs to the same member, under one hold of its
 * lock.  Returns how many were handled.
 */
static u32 evict_chunk(struct usm_instance *instance,
		       struct usm_evict_entry *entries, u32 nr, u32 *done)
{
	struct usm_tag *tag, *next;
	struct mm_struct *mm;
	u32 i = 0;
	int err;

	err = find(instance, &entries[0], &tag);
	if (err) {
		entries[0].result = err;
		return 1;
	}
	mm = usm_tag_mm(tag);
	if (!mm) {
		entries[0].result = -ESRCH;
		goto out_tag;
	}
	if (!lock_for_writing(mm)) {
		entries[0].result = -EAGAIN;
		goto out_mm;
	}
	for (;;) {
		entries[i].result = evict_page(instance, tag, mm, &entries[i]);
		*done += entries[i].result == 0;
		if (++i == min(nr, (u32)EVICT_CHUNK))
			break;
		err = find(instance, &entries[i], &next);
		if (!err)
			usm_tag_put(next);
		if (err || next != tag)
			break;
	}
	mmap_write_unlock(mm);
out_mm:
	mmput(mm);
out_tag:
	usm_tag_put(tag);
	return max(i, 1u);
}

int usm_evict(struct usm_instance *instance, struct usm_evict_entry *entries,
	      u32 nr)
{
	u32 i = 0, done = 0;

	while (i < nr) {
		if (fatal_signal_pending(current))
			break;
		i += evict_chunk(instance, entries + i, nr - i, &done);
		cond_resched();
	}
	for (; i < nr; i++)
		entries[i].result = -EINTR;
	return done;
}
