// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/pgtable.h>

#include "compat/compat.h"
#include "faults/fault.h"
#include "frames/home.h"
#include "grants/grants.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "ptes/ptes.h"
#include "tags/tags.h"

/* A fault's own page is in its window too. */
#define WINDOW_PAGES (USM_AROUND_MAX + 1)

struct around {
	struct vm_area_struct *vma;
	struct usm_window window;
	DECLARE_BITMAP(pages, WINDOW_PAGES);
};

bool usm_fault_plain(const struct vm_area_struct *vma)
{
	return vma_is_anonymous((struct vm_area_struct *)vma) &&
	       (vma->vm_flags & (VM_WRITE | VM_LOCKED | VM_SHADOW_STACK)) ==
		       VM_WRITE;
}

/* Within the mapping, and within the page table of @addr. */
static void clip(struct around *around, unsigned long addr)
{
	struct usm_window *window = &around->window;
	unsigned long table = addr & PMD_MASK;
	unsigned long start = max3(window->start, around->vma->vm_start, table);

	window->first += (start - window->start) >> PAGE_SHIFT;
	window->start = start;
	window->end = min3(window->end, around->vma->vm_end, table + PMD_SIZE);
}

/* Called with the page table's lock held. */
static int set_one(pte_t *ptep, unsigned long addr, void *data)
{
	struct around *around = data;
	u32 i = (addr - around->window.start) >> PAGE_SHIFT;

	if (!test_bit(i, around->pages) || !pte_none(READ_ONCE(*ptep)) ||
	    check_stable_address_space(around->vma->vm_mm))
		return 0;
	usm_pte_set(around->vma, addr, ptep,
		    usm_pool_page(around->window.first + i));
	__clear_bit(i, around->pages);
	return 0;
}

static void clear(const struct around *around, u32 nr)
{
	u32 i;

	for_each_set_bit(i, around->pages, nr)
		clear_highpage(usm_pool_page(around->window.first + i));
}

/* What somebody else was quicker to map. */
static void give_back(const struct around *around, u32 nr,
		      struct usm_instance *instance)
{
	u32 i;

	if (bitmap_empty(around->pages, nr))
		return;
	for_each_set_bit(i, around->pages, nr)
		put_page(usm_pool_page(around->window.first + i));
	usm_home_hint(instance);
}

void usm_fault_around(struct usm_fault_ctx *ctx, struct vm_area_struct *vma,
		      unsigned long addr)
{
	struct around around = { .vma = vma, .window = ctx->around };
	u32 nr;

	/* The kernel mapped one there, so it is prepared for more. */
	if (!vma->anon_vma || !usm_fault_plain(vma))
		return;
	clip(&around, addr);
	nr = (around.window.end - around.window.start) >> PAGE_SHIFT;
	usm_ptes_missing(ctx->mm, around.window.start, nr, around.pages);
	if (bitmap_empty(around.pages, nr) ||
	    !usm_grants_take_around(ctx->tag, &around.window, around.pages))
		return;
	/* Before the page table's lock: it takes the longest. */
	if (!around.window.zeroed)
		clear(&around, nr);
	apply_to_page_range(ctx->mm, around.window.start,
			    around.window.end - around.window.start, set_one,
			    &around);
	give_back(&around, nr, ctx->instance);
}
