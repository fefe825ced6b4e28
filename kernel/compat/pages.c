// SPDX-License-Identifier: GPL-2.0
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>

#include "compat/pages.h"
#include "compat/symbols.h"

static struct {
	unsigned long remove_rmap_ptes; /* of one of both */
	unsigned long remove_rmap;
	unsigned long add_lru;
	unsigned long charge;
	unsigned long free_page;
	unsigned long drain_lru;
	unsigned long split_pmd;
	unsigned long notify_begin;
	unsigned long notify_end;
} symbols;

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

int usm_pages_init(void)
{
	const struct {
		const char *const *names;
		unsigned long *address;
	} wanted[] = {
		{ NAMES("folio_add_lru_vma",
			"lru_cache_add_inactive_or_unevictable"),
		  &symbols.add_lru },
		{ NAMES("__mem_cgroup_charge"), &symbols.charge },
		{ NAMES("free_page_and_swap_cache"), &symbols.free_page },
		{ NAMES("lru_add_drain_all"), &symbols.drain_lru },
		{ NAMES("split_huge_pmd_address"), &symbols.split_pmd },
		{ NAMES("__mmu_notifier_invalidate_range_start"),
		  &symbols.notify_begin },
		{ NAMES("__mmu_notifier_invalidate_range_end"),
		  &symbols.notify_end },
	};
	u32 i;
	int err;

	symbols.remove_rmap_ptes = usm_symbol(NAMES("folio_remove_rmap_ptes"));
	if (!symbols.remove_rmap_ptes) {
		err = usm_symbol_resolve(NAMES("page_remove_rmap"),
					 &symbols.remove_rmap);
		if (err)
			return err;
	}
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		err = usm_symbol_resolve(wanted[i].names, wanted[i].address);
		if (err)
			return err;
	}
	return 0;
}

void usm_remove_rmap(struct page *page, struct vm_area_struct *vma)
{
	if (symbols.remove_rmap_ptes)
		usm_call4(symbols.remove_rmap_ptes, page_folio(page), page, 1,
			  vma);
	else
		usm_call3(symbols.remove_rmap, page, vma, false);
}

#ifdef HAVE_LARGE_MAPCOUNT

int usm_folio_mapcount(struct folio *folio)
{
	return folio_mapcount(folio);
}

#else

int usm_folio_mapcount(struct folio *folio)
{
	struct page *head = &folio->page;
	int i, sum = 0;

	if (!folio_test_large(folio))
		return atomic_read(&head->_mapcount) + 1;
	/* Mapped as a whole too, and then the small counts mean otherwise. */
	if (PageDoubleMap(head) ||
	    atomic_read(compound_mapcount_ptr(head)) >= 0)
		return -1;
	for (i = 0; i < folio_nr_pages(folio); i++)
		sum += atomic_read(&folio_page(folio, i)->_mapcount) + 1;
	return sum;
}

#endif

void usm_add_lru(struct page *page, struct vm_area_struct *vma)
{
	usm_call2(symbols.add_lru, page, vma);
}

int usm_charge(struct page *page, struct mm_struct *mm, gfp_t gfp)
{
	if (mem_cgroup_disabled())
		return 0;
	return (int)usm_call3(symbols.charge, page, mm,
			      (__force unsigned long)gfp);
}

void usm_free_page(struct page *page)
{
	usm_call1(symbols.free_page, page);
}

void usm_drain_lru(void)
{
	usm_call1(symbols.drain_lru, 0);
}

void usm_split_pmd(struct vm_area_struct *vma, unsigned long addr)
{
	usm_call4(symbols.split_pmd, vma, addr, false, NULL);
}

void usm_notify_begin(struct mmu_notifier_range *range,
		      struct vm_area_struct *vma, unsigned long addr)
{
#ifdef HAVE_NOTIFIER_RANGE_VMA
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, vma, vma->vm_mm,
				addr, addr + PAGE_SIZE);
#else
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, vma->vm_mm, addr,
				addr + PAGE_SIZE);
#endif
	if (!mm_has_notifiers(vma->vm_mm))
		return;
	range->flags |= MMU_NOTIFIER_RANGE_BLOCKABLE;
	usm_call1(symbols.notify_begin, range);
}

void usm_notify_end(struct mmu_notifier_range *range)
{
	/* The flag says that there was a begin. */
	if (range->flags & MMU_NOTIFIER_RANGE_BLOCKABLE)
		usm_call2(symbols.notify_end, range, false);
}
