// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "compat/pages.h"
#include "moves/sweep.h"
#include "pool/pool.h"
#include "ptes/ptes.h"
#include "ptes/replace.h"

/*
 * What is done under one hold of the address space's lock, so that a thread
 * that wants to map something does not wait: pages copied, a few hundred
 * microseconds, and entries looked at, about as long.
 */
#define REPLACED_PER_HOLD 64
#define LOOKS_PER_HOLD 16384

/* Looking for a page without locks and then locking it is tried this often. */
#define TRIES 3

/* Ends a hold: the page at .addr is evicted. */
#define BRING_IN 1

struct hold {
	u32 replaced;
	u32 looks;
	unsigned long tried; /* brought in, as far as that was possible */
};

static int replace(struct usm_sweep *sweep, struct vm_area_struct *vma,
		   struct page *old, struct hold *hold)
{
	struct page *fresh;
	int err;

	if (!usm_pte_replaceable(vma, old)) {
		sweep->busy++;
		return 0;
	}
	fresh = sweep->ops->fresh(sweep, vma, sweep->addr);
	if (IS_ERR(fresh))
		return PTR_ERR(fresh);
	err = usm_pte_replace(vma, sweep->addr, old, fresh, sweep->ops->lru);
	if (err) {
		sweep->ops->unused(sweep, fresh);
		if (err == -EBUSY)
			sweep->busy++;
		return err == -EBUSY ? 0 : err;
	}
	if (usm_pool_contains(old))
		put_page(old);
	else
		usm_free_page(old);
	if (sweep->ops->placed)
		sweep->ops->placed(sweep, fresh, sweep->addr);
	sweep->replaced++;
	hold->replaced++;
	return 0;
}

/* Without the lock, because the policy takes its time. */
static int absent(struct usm_sweep *sweep, pte_t entry, struct hold *hold)
{
	enum usm_sweep_evicted what = USM_SWEEP_IGNORE;
	u32 id = usm_marker_id(entry);

	if (!id) {
		sweep->swapped++;
		return 0;
	}
	if (sweep->ops->evicted)
		what = sweep->ops->evicted(sweep, id);
	if (what == USM_SWEEP_BRING_IN && sweep->addr != hold->tried)
		return BRING_IN;
	if (what != USM_SWEEP_IGNORE)
		sweep->evicted++;
	return 0;
}

/*
 * As if its process had touched the page.  Returns -EINTR on a fatal signal;
 * whether it worked is seen at the next look.
 */
static int bring_in(struct usm_sweep *sweep)
{
	struct vm_area_struct *vma;
	bool unlocked = false;
	int err;

	err = mmap_read_lock_killable(sweep->mm);
	if (err)
		return err;
	vma = find_vma(sweep->mm, sweep->addr);
	if (vma && vma->vm_start <= sweep->addr)
		fixup_user_fault(sweep->mm, sweep->addr,
				 vma->vm_flags & VM_WRITE ? FAULT_FLAG_WRITE
							  : 0,
				 &unlocked);
	mmap_read_unlock(sweep->mm);
	return 0;
}

/* One page at .addr; -EAGAIN: it changed meanwhile. */
static int look(struct usm_sweep *sweep, struct vm_area_struct *vma,
		struct hold *hold)
{
	pte_t entry = usm_pte_read(sweep->mm, sweep->addr);
	struct page *page;

	hold->looks++;
	if (pte_none(entry))
		return 0;
	if (!pte_present(entry))
		return absent(sweep, entry, hold);
	if (pte_special(entry) || !pfn_valid(pte_pfn(entry)))
		return 0;
	page = pfn_to_page(pte_pfn(entry));
	if (!sweep->ops->page(sweep, page))
		return 0;
	return replace(sweep, vma, page, hold);
}

static bool full(const struct usm_sweep *sweep, const struct hold *hold)
{
	return sweep->replaced >= sweep->limit ||
	       hold->replaced >= REPLACED_PER_HOLD ||
	       hold->looks >= LOOKS_PER_HOLD;
}

/*
 * From .addr to the end of @vma, or until the hold is full.  Large pages are
 * made small entries first.
 */
static int sweep_vma(struct usm_sweep *sweep, struct vm_area_struct *vma,
		     unsigned long end, struct hold *hold)
{
	int tries = 0, err = 0;
	pmd_t leaf;

	while (sweep->addr < end && !full(sweep, hold)) {
		switch (usm_pmd_read(sweep->mm, sweep->addr, &leaf)) {
		case USM_PMD_LEAF:
			hold->looks++;
			if (pmd_present(leaf) &&
			    sweep->ops->page(sweep, pmd_page(leaf)) &&
			    tries++ < TRIES) {
				usm_split_pmd(vma, sweep->addr);
				continue;
			}
			fallthrough;
		case USM_PMD_NONE:
			hold->looks++;
			sweep->addr =
				min(end, (sweep->addr & PMD_MASK) + PMD_SIZE);
			tries = 0;
			continue;
		case USM_PMD_TABLE:
			break;
		}
		err = look(sweep, vma, hold);
		if (err == -EAGAIN && tries++ < TRIES)
			continue;
		if (err == -EAGAIN)
			sweep->busy++;
		else if (err)
			return err;
		tries = 0;
		sweep->addr += PAGE_SIZE;
	}
	return 0;
}

/* Some mappings, under one hold of the lock. */
static int sweep_some(struct usm_sweep *sweep, unsigned long tried)
{
	unsigned long end = sweep->end ?: TASK_SIZE_MAX;
	struct hold hold = { .tried = tried };
	struct vm_area_struct *vma;
	int err;

	err = mmap_read_lock_killable(sweep->mm);
	if (err)
		return err;
	while (!err && !full(sweep, &hold)) {
		vma = find_vma(sweep->mm, sweep->addr);
		if (!vma || vma->vm_start >= end) {
			sweep->addr = 0;
			break;
		}
		hold.looks++;
		sweep->addr = max(sweep->addr, vma->vm_start);
		if (vma->anon_vma && sweep->ops->vma(sweep, vma))
			err = sweep_vma(sweep, vma, min(end, vma->vm_end),
					&hold);
		else
			sweep->addr = vma->vm_end;
	}
	mmap_read_unlock(sweep->mm);
	return err;
}

int usm_sweep_run(struct usm_sweep *sweep)
{
	unsigned long tried = 0;
	int err;

	do {
		err = sweep_some(sweep, tried);
		if (err == BRING_IN) {
			tried = sweep->addr;
			err = bring_in(sweep);
		}
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	} while (!err && sweep->addr && sweep->replaced < sweep->limit);
	return err;
}
