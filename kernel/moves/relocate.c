// SPDX-License-Identifier: GPL-2.0
/* From frame to frame of one partition: what stands in the way of a shrink. */
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "frames/frames.h"
#include "frames/home.h"
#include "instance/instance.h"
#include "moves/into.h"
#include "moves/moves.h"
#include "moves/sweep.h"
#include "pool/pool.h"
#include "tags/tags.h"

static bool is_leaving(const struct usm_sweep *sweep, struct page *page)
{
	const struct usm_tag *tag = sweep->data;
	const struct usm_frame *frame;

	if (!usm_pool_contains(page))
		return false;
	frame = usm_frame(page_to_pfn(page) - usm_pool.base_pfn);
	return READ_ONCE(frame->owner) == tag->instance->id &&
	       READ_ONCE(frame->leaving);
}

static const struct usm_sweep_ops relocate_ops = {
	.vma = usm_into_private,
	.page = is_leaving,
	.fresh = usm_into_frame,
	.placed = usm_into_placed,
	.unused = usm_into_unused,
};

static int move_leaving_of(struct usm_tag *tag, struct mm_struct *mm,
			   u32 *moved)
{
	struct usm_sweep sweep = {
		.ops = &relocate_ops,
		.data = tag,
		.mm = mm,
		.limit = U32_MAX,
	};
	int err = usm_sweep_run(&sweep);

	*moved += sweep.replaced;
	return err;
}

u32 usm_move_leaving(struct usm_instance *instance)
{
	struct mm_struct *mm;
	struct usm_tag *tag;
	u32 after = 0, moved = 0;
	int err = 0;

	while (!err && (tag = usm_tag_next(instance, after, &mm)) != NULL) {
		after = tag->member;
		err = move_leaving_of(tag, mm, &moved);
		mmput(mm);
		usm_tag_put(tag);
	}
	/* What they left behind has a reference less. */
	usm_home_scan(instance);
	return moved;
}
