// SPDX-License-Identifier: GPL-2.0
/*
 * Adopting: ordinary memory that a member had before it was bound moves into
 * frames of the partition, and the kernel gets its own pages back.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "compat/pages.h"
#include "faults/fault.h"
#include "frames/frames.h"
#include "frames/home.h"
#include "instance/instance.h"
#include "moves/into.h"
#include "moves/moves.h"
#include "moves/sweep.h"
#include "pool/pool.h"
#include "tags/tags.h"

/* As for faults: what would not be served is not adopted either. */
static bool served(const struct usm_sweep *sweep,
		   const struct vm_area_struct *vma)
{
	return usm_vma_served(vma);
}

static bool is_ordinary(const struct usm_sweep *sweep, struct page *page)
{
	return PageAnon(page) && !usm_pool_contains(page) &&
	       !is_zone_device_page(page);
}

static const struct usm_sweep_ops adopt_ops = {
	.vma = served,
	.page = is_ordinary,
	.fresh = usm_into_frame,
	.placed = usm_into_placed,
	.unused = usm_into_unused,
};

static int adopt(struct usm_tag *tag, struct mm_struct *mm,
		 struct usm_adopt *adopt)
{
	struct usm_sweep sweep = {
		.ops = &adopt_ops,
		.data = tag,
		.mm = mm,
		.addr = adopt->addr,
		.limit = adopt->nr ?: U32_MAX,
	};
	int err;

	/* It may hold what the binder could not have seen. */
	if (!READ_ONCE(tag->serving) || !usm_tag_still_allowed(tag, mm))
		return -EPERM;
	if (adopt->addr == 0)
		usm_drain_lru();
	err = usm_sweep_run(&sweep);
	adopt->addr = sweep.addr;
	adopt->adopted = sweep.replaced;
	adopt->busy = sweep.busy;
	adopt->swapped = sweep.swapped;
	/* Some may not have been used after all. */
	usm_home_hint(tag->instance);
	return err;
}

int usm_adopt(struct usm_instance *instance, struct usm_adopt *arg)
{
	struct mm_struct *mm;
	struct usm_tag *tag;
	int err = -ESRCH;

	if (arg->flags || arg->reserved0 || arg->reserved[0] ||
	    arg->reserved[1] || arg->addr & ~PAGE_MASK || arg->member == 0)
		return -EINVAL;
	tag = usm_tag_next(instance, arg->member - 1, &mm);
	if (!tag)
		return err;
	if (tag->member == arg->member)
		err = adopt(tag, mm, arg);
	mmput(mm);
	usm_tag_put(tag);
	return err;
}
