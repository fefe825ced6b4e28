// SPDX-License-Identifier: GPL-2.0
/*
 * Large pages of 2^2 to 2^8 base pages.  The kernel asks for such only where
 * their sizes were enabled system-wide, so they are mapped here: ahead of the
 * kernel's own handling of the fault where it has mapped something near by
 * before, else out of it, when it wants a small page.  Either way it then finds
 * the page there.  2 MiB it asks for itself, see serve.c.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/pgtable.h>

#include "compat/compat.h"
#include "compat/symbols.h"
#include "faults/fault.h"
#include "frames/home.h"
#include "frames/large.h"
#include "grants/grants.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "ptes/ptes.h"
#include "tags/tags.h"

struct install {
	struct vm_area_struct *vma;
	struct folio *folio;
	u32 nr;
};

static bool all_missing(const pte_t *ptep, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (!pte_none(READ_ONCE(ptep[i])))
			return false;
	return true;
}

/* Called for the first entry, with the page table's lock held; sets them all. */
static int set_all(pte_t *ptep, unsigned long addr, void *data)
{
	struct install *install = data;
	struct vm_area_struct *vma = install->vma;
	struct page *page = &install->folio->page;
	pte_t entry;

	if (check_stable_address_space(vma->vm_mm) ||
	    !all_missing(ptep, install->nr))
		return -EAGAIN;
	entry = pte_mkwrite_novma(pte_mkdirty(mk_pte(page, vma->vm_page_prot)));
	/* One reference for each entry; the folio came with the first. */
	page_ref_add(page, install->nr - 1);
	usm_add_new_anon_rmap(page, vma, addr);
	usm_add_anon_rss(vma->vm_mm, install->nr);
	usm_set_ptes(vma->vm_mm, addr, ptep, entry, install->nr);
	return 0;
}

/*
 * A page table that is there stays while the fault's locks are held.  Without
 * one a 2 MiB page may come in between.
 */
static bool wanted(const struct usm_fault_ctx *ctx,
		   const struct vm_area_struct *vma, unsigned long addr)
{
	return ctx->flags & FAULT_FLAG_WRITE && usm_fault_plain(vma) &&
	       vma->anon_vma && !(vma->vm_flags & VM_NOHUGEPAGE) &&
	       !test_bit(MMF_DISABLE_THP, &ctx->mm->flags) &&
	       usm_pmd_read(ctx->mm, addr, NULL) == USM_PMD_TABLE;
}

static void give_back(const struct usm_run *run, struct usm_instance *instance)
{
	u32 i;

	for (i = 0; i < 1U << run->order; i++)
		put_page(usm_pool_page(run->frame + i));
	usm_home_hint(instance);
}

struct folio *usm_fault_build(struct usm_fault_ctx *ctx,
			      const struct usm_run *run)
{
	struct folio *folio =
		usm_large_build(usm_pool_page(run->frame), run->order);

	if (!folio) {
		usm_grants_run_small(ctx->instance, run);
		give_back(run, ctx->instance);
	}
	return folio;
}

bool usm_fault_large(struct usm_fault_ctx *ctx, struct vm_area_struct *vma,
		     unsigned long addr)
{
	struct install install = { .vma = vma };
	struct usm_run run;
	u32 i;

	if (!READ_ONCE(ctx->tag->large_ranges) || !wanted(ctx, vma, addr) ||
	    !usm_grants_take_large(ctx->tag, vma, addr, &run))
		return false;
	install.folio = usm_fault_build(ctx, &run);
	if (!install.folio)
		return false;
	install.nr = 1U << run.order;
	if (!run.zeroed)
		for (i = 0; i < install.nr; i++)
			clear_highpage(usm_pool_page(run.frame + i));
	__folio_mark_uptodate(install.folio);
	if (apply_to_page_range(ctx->mm, run.start, PAGE_SIZE, set_all,
				&install) == 0)
		return true;
	/* Somebody was faster: home as one. */
	folio_put(install.folio);
	usm_home_hint(ctx->instance);
	return false;
}
