// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/mm.h>

#include "frames/frames.h"
#include "grants/notices.h"
#include "instance/instance.h"
#include "moves/into.h"
#include "pool/pool.h"
#include "tags/tags.h"

bool usm_into_private(const struct usm_sweep *sweep,
		      const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_SHARED | VM_HUGETLB | VM_PFNMAP | VM_IO));
}

struct page *usm_into_frame(struct usm_sweep *sweep, struct vm_area_struct *vma,
			    unsigned long addr)
{
	struct usm_tag *tag = sweep->data;
	u32 frame;
	int err;

	err = usm_frame_pick(tag->instance, &frame);
	if (err)
		return ERR_PTR(err);
	return usm_frame_use(tag->instance, frame, tag, addr);
}

void usm_into_placed(struct usm_sweep *sweep, struct page *page,
		     unsigned long addr)
{
	const struct usm_tag *tag = sweep->data;
	const struct usm_notice notice = {
		.type = USM_NOTICE_USED,
		.pages = 1,
		.frame = page_to_pfn(page) - usm_pool.base_pfn,
		.member = tag->member,
		.addr = addr,
	};

	spin_lock(&tag->instance->lock);
	usm_notice_post(tag->instance, &notice);
	spin_unlock(&tag->instance->lock);
}

void usm_into_unused(struct usm_sweep *sweep, struct page *page)
{
	put_page(page);
}
