// SPDX-License-Identifier: GPL-2.0
/*
 * What is where in a member, and what was touched: the ranking of pages is
 * the policy's, the accessed and dirty bits are the processor's.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "compat/compat.h"
#include "compat/symbols.h"
#include "evict/evict.h"
#include "evict/record.h"
#include "frames/frames.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "ptes/ptes.h"
#include "tags/tags.h"

#define NOTHING ((u64)USM_FRAME_NONE)

struct look {
	struct usm_instance *instance;
	struct mm_struct *mm;
	u32 flags; /* USM_PAGES_* */
	u64 *words;
	unsigned long start;
	bool cleared_dirty;
};

static u32 own_frame(const struct look *look, unsigned long pfn)
{
	u32 index;

	if (!pfn_valid(pfn) || !usm_pool_contains(pfn_to_page(pfn)))
		return USM_FRAME_NONE;
	index = pfn - usm_pool.base_pfn;
	return READ_ONCE(usm_frame(index)->owner) == look->instance->id
		       ? index
		       : USM_FRAME_NONE;
}

/* x86 sets these bits behind our back, so they are taken one by one. */
static u64 take_bits(const struct look *look, unsigned long *entry, bool ours)
{
	u64 word = USM_PAGE_PRESENT;

	if (test_bit(_PAGE_BIT_ACCESSED, entry))
		word |= USM_PAGE_ACCESSED;
	if (test_bit(_PAGE_BIT_DIRTY, entry))
		word |= USM_PAGE_DIRTY;
	if (ours && look->flags & USM_PAGES_CLEAR_ACCESSED)
		clear_bit(_PAGE_BIT_ACCESSED, entry);
	return word;
}

/* Called with the page table's lock held. */
static int look_at_pte(pte_t *ptep, unsigned long addr, void *data)
{
	struct look *look = data;
	u64 *word = &look->words[(addr - look->start) >> PAGE_SHIFT];
	pte_t entry = READ_ONCE(*ptep);
	struct usm_record *record;
	u32 frame;

	if (pte_present(entry)) {
		frame = own_frame(look, pte_pfn(entry));
		*word = frame | take_bits(look, (unsigned long *)ptep,
					  frame != USM_FRAME_NONE);
		if (frame == USM_FRAME_NONE)
			return 0;
		if (PageCompound(pte_page(entry)))
			*word |= USM_PAGE_LARGE;
		if (*word & USM_PAGE_DIRTY &&
		    look->flags & USM_PAGES_CLEAR_DIRTY) {
			clear_bit(_PAGE_BIT_DIRTY, (unsigned long *)ptep);
			look->cleared_dirty = true;
		}
		return 0;
	}
	record = usm_record_find(usm_marker_id(entry));
	if (record && record->instance == look->instance)
		*word |= USM_PAGE_EVICTED;
	usm_record_put(record);
	return 0;
}

static void look_at_leaf(struct look *look, unsigned long addr,
			 unsigned long end, pmd_t leaf)
{
	unsigned long pfn = pmd_pfn(leaf) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
	u64 bits = USM_PAGE_PRESENT | USM_PAGE_LARGE;
	unsigned long at;

	if (pmd_young(leaf))
		bits |= USM_PAGE_ACCESSED;
	if (pmd_dirty(leaf))
		bits |= USM_PAGE_DIRTY;
	for (at = addr; at < end; at += PAGE_SIZE, pfn++)
		look->words[(at - look->start) >> PAGE_SHIFT] =
			own_frame(look, pfn) | bits;
	if (own_frame(look, pmd_pfn(leaf)) == USM_FRAME_NONE)
		return;
	if (look->flags & USM_PAGES_CLEAR_ACCESSED)
		usm_pmd_clear(look->mm, addr, _PAGE_ACCESSED);
	if (look->flags & USM_PAGES_CLEAR_DIRTY) {
		usm_pmd_clear(look->mm, addr, _PAGE_DIRTY);
		look->cleared_dirty = true;
	}
}

/* The address space's lock is held for reading. */
static void look_at_range(struct look *look, unsigned long addr,
			  unsigned long end)
{
	unsigned long next;
	pmd_t leaf;

	for (; addr < end; addr = next) {
		next = min(pmd_addr_end(addr, end), end);
		switch (usm_pmd_read(look->mm, addr, &leaf)) {
		case USM_PMD_NONE:
			break;
		case USM_PMD_TABLE:
			apply_to_existing_page_range(
				look->mm, addr, next - addr, look_at_pte, look);
			break;
		case USM_PMD_LEAF:
			if (pmd_present(leaf))
				look_at_leaf(look, addr, next, leaf);
			break;
		}
		cond_resched();
	}
}

/* Outside of mappings there are no entries of members to look at. */
static void look_at_mappings(struct look *look, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(look->mm, look->start);

	for (; vma && vma->vm_start < end;
	     vma = find_vma(look->mm, vma->vm_end)) {
		if (vma->vm_flags & (VM_HUGETLB | VM_PFNMAP | VM_IO))
			continue;
		look_at_range(look, max(vma->vm_start, look->start),
			      min(vma->vm_end, end));
	}
}

int usm_pages(struct usm_instance *instance, const struct usm_pages *pages,
	      u64 *words)
{
	struct look look = {
		.instance = instance,
		.flags = pages->flags,
		.words = words,
		.start = pages->addr,
	};
	unsigned long end = pages->addr + ((u64)pages->nr << PAGE_SHIFT);
	struct usm_tag *tag;
	int err = -ESRCH;
	u32 i;

	for (i = 0; i < pages->nr; i++)
		words[i] = NOTHING;
	tag = usm_tag_of_member(instance, pages->member);
	if (!tag)
		return -ESRCH;
	look.mm = usm_tag_mm(tag);
	if (!look.mm)
		goto out_tag;
	err = -EAGAIN;
	if (mmap_read_trylock(look.mm)) {
		look_at_mappings(&look, end);
		/*
		 * A processor that still has the entry with the dirty bit
		 * would not set it again.  It would set the accessed one late,
		 * which costs the policy a little accuracy and nothing else.
		 */
		if (look.cleared_dirty)
			usm_flush_tlb_range(look.mm, look.start, end);
		mmap_read_unlock(look.mm);
		err = 0;
	}
	mmput(look.mm);
out_tag:
	usm_tag_put(tag);
	return err;
}
