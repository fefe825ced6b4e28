// SPDX-License-Identifier: GPL-2.0
/*
 * Draining: a process leaves with its memory.  Pages in frames move to
 * ordinary pages, allocated, charged and listed as the kernel does with those
 * of a fault.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>

#include "compat/pages.h"
#include "evict/record.h"
#include "faults/loss.h"
#include "frames/frames.h"
#include "frames/home.h"
#include "instance/instance.h"
#include "moves/into.h"
#include "moves/moves.h"
#include "moves/sweep.h"
#include "pool/pool.h"
#include "tags/tags.h"

/*
 * Short of memory, or of what the process's cgroup allows, draining stops
 * halfway, which harms nobody; it must not make the OOM killer come.
 */
#define GFP_DRAIN (GFP_HIGHUSER_MOVABLE | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)
#define GFP_CHARGE (GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

static bool is_frame(const struct usm_sweep *sweep, struct page *page)
{
	const struct usm_instance *instance = sweep->data;

	return usm_pool_contains(page) &&
	       READ_ONCE(usm_frame(page_to_pfn(page) - usm_pool.base_pfn)
				 ->owner) == instance->id;
}

static struct page *allocate(struct usm_sweep *sweep,
			     struct vm_area_struct *vma, unsigned long addr)
{
	struct folio *folio = vma_alloc_folio(GFP_DRAIN, 0, vma, addr, false);

	if (!folio)
		return ERR_PTR(-ENOMEM);
	if (usm_charge(&folio->page, sweep->mm, GFP_CHARGE)) {
		folio_put(folio);
		return ERR_PTR(-ENOMEM);
	}
	return &folio->page;
}

/*
 * Touching a page whose policy is away would wait for the next one, perhaps
 * for ever.
 */
static enum usm_sweep_evicted evicted(const struct usm_sweep *sweep, u32 id)
{
	enum usm_sweep_evicted what = USM_SWEEP_IGNORE;
	struct usm_record *record = usm_record_find(id);

	if (record && record->instance == sweep->data) {
		if (usm_record_sole(record) ||
		    usm_loss_daemon(record->instance) == USM_DAEMON_SERVES)
			what = USM_SWEEP_BRING_IN;
		else
			what = USM_SWEEP_LEAVE;
	}
	usm_record_put(record);
	return what;
}

static const struct usm_sweep_ops drain_ops = {
	.vma = usm_into_private,
	.page = is_frame,
	.fresh = allocate,
	.unused = usm_into_unused,
	.evicted = evicted,
	.lru = true,
};

int usm_drain(struct usm_instance *instance, struct mm_struct *mm,
	      struct usm_unbind *unbind)
{
	struct usm_sweep sweep = {
		.ops = &drain_ops,
		.data = instance,
		.mm = mm,
		.addr = unbind->addr,
		.limit = unbind->limit ?: U32_MAX,
	};
	int err;

	/* Pages that were locked into memory just now wait there, too. */
	if (unbind->addr == 0)
		usm_drain_lru();
	err = usm_sweep_run(&sweep);
	unbind->addr = sweep.addr;
	unbind->drained = sweep.replaced;
	unbind->busy = sweep.busy;
	unbind->evicted = sweep.evicted;
	usm_home_scan(instance);
	return err;
}
