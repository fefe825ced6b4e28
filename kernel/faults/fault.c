// SPDX-License-Identifier: GPL-2.0
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "channel/channel.h"
#include "channel/slots.h"
#include "compat/compat.h"
#include "evict/evict.h"
#include "faults/fault.h"
#include "faults/wait.h"
#include "frames/home.h"
#include "instance/instance.h"
#include "stats/trace.h"
#include "ptes/ptes.h"
#include "tags/tags.h"

/* Buckets of contexts by task; one entry a task in a wrapped fault. */
#define CTX_HASH_BITS 8

static struct {
	spinlock_t lock;
	struct hlist_head contexts;
} buckets[1 << CTX_HASH_BITS] = {
	[0 ...(1 << CTX_HASH_BITS) - 1] =
		{
			.lock = __SPIN_LOCK_UNLOCKED(buckets.lock),
		},
};

static u32 bucket(const struct task_struct *task)
{
	return hash_ptr((void *)task, CTX_HASH_BITS);
}

struct usm_fault_ctx *usm_fault_context(struct mm_struct *mm)
{
	struct usm_fault_ctx *ctx, *found = NULL;
	u32 b = bucket(current);

	spin_lock(&buckets[b].lock);
	hlist_for_each_entry(ctx, &buckets[b].contexts, node) {
		if (ctx->task == current && ctx->mm == mm) {
			found = ctx;
			break;
		}
	}
	spin_unlock(&buckets[b].lock);
	return found;
}

static void enter(struct usm_fault_ctx *ctx)
{
	u32 b = bucket(current);

	spin_lock(&buckets[b].lock);
	hlist_add_head(&ctx->node, &buckets[b].contexts);
	spin_unlock(&buckets[b].lock);
}

static void leave(struct usm_fault_ctx *ctx)
{
	u32 b = bucket(current);

	spin_lock(&buckets[b].lock);
	hlist_del(&ctx->node);
	spin_unlock(&buckets[b].lock);
}

bool usm_vma_served(const struct vm_area_struct *vma)
{
	/*
	 * Left to the kernel: what is not private memory, what a userfaultfd
	 * handler fills, and memory that may vanish at any time.
	 */
	return !(vma->vm_flags & (VM_SHARED | VM_HUGETLB | VM_PFNMAP | VM_IO |
				  VM_MIXEDMAP | VM_DROPPABLE | USM_VM_UFFD));
}

static vm_fault_t run(usm_fault_fn original, struct usm_fault_ctx *ctx,
		      struct vm_area_struct *vma, unsigned long address,
		      unsigned int flags, struct pt_regs *regs)
{
	vm_fault_t ret;

	for (;;) {
		ctx->waiting = false;
		ctx->failed = false;
		ctx->again = false;
		ret = original(vma, address, flags, regs);
		if (!(ret & VM_FAULT_OOM))
			return ret;
		if (ctx->again)
			continue;
		if (ctx->failed)
			return VM_FAULT_SIGBUS;
		if (!ctx->waiting)
			return ret;
		/* Answered meanwhile: all locks are still held, go again. */
		if (!usm_slot_pending(ctx->slot))
			continue;

		if (!(flags & FAULT_FLAG_ALLOW_RETRY)) {
			usm_wait_briefly(ctx->slot);
			continue;
		}
		if (flags & FAULT_FLAG_RETRY_NOWAIT)
			return VM_FAULT_RETRY;

		usm_fault_unlock(vma, flags);
		usm_wait_for_policy(ctx->instance, ctx->slot, flags);
		return VM_FAULT_RETRY;
	}
}

/* Was the frame put to use, and are the fault's locks still held? */
static bool mapped(const struct usm_fault_ctx *ctx, vm_fault_t ret)
{
	return !(ret &
		 (VM_FAULT_ERROR | VM_FAULT_RETRY | VM_FAULT_COMPLETED)) &&
	       usm_page_mapped(ctx->served);
}

vm_fault_t usm_fault(usm_fault_fn original, struct vm_area_struct *vma,
		     unsigned long address, unsigned int flags,
		     struct pt_regs *regs)
{
	struct usm_fault_ctx ctx = {
		.task = current,
		.mm = vma->vm_mm,
		.flags = flags,
	};
	bool pinned;
	vm_fault_t ret;
	u32 id;

	ctx.tag = usm_tag_find(ctx.mm);
	/* A daemon must never wait for a daemon, possibly itself. */
	if (current->mm != ctx.mm && current->mm &&
	    usm_daemon_is(current->mm)) {
		ctx.fall_back = true;
		ctx.reason = USM_FALLBACK_CONTEXT;
	}
	/* Whether it is still served or not, it gets back what was taken. */
	id = usm_marker_id(usm_pte_read(ctx.mm, address & PAGE_MASK));
	if (id) {
		ret = usm_swapin_fault(&ctx, vma, address & PAGE_MASK, flags,
				       id);
		goto out_channel;
	}
	if (!ctx.tag) {
		/*
		 * Gone since the callback looked.  The fault may sleep for as
		 * long as a userfaultfd handler likes; a tag would keep the
		 * module until then, so without one we do.
		 */
		pinned = try_module_get(THIS_MODULE);
		ret = original(vma, address, flags, regs);
		if (pinned)
			module_put(THIS_MODULE);
		return ret;
	}
	if (!READ_ONCE(ctx.tag->serving) || !usm_vma_served(vma)) {
		ret = original(vma, address, flags, regs);
		goto out;
	}
	if (!usm_tag_still_allowed(ctx.tag, ctx.mm)) {
		if (!usm_tag_stop(ctx.tag))
			usm_slots_withdraw(ctx.tag->instance, ctx.tag->member);
		ret = original(vma, address, flags, regs);
		goto out;
	}

	ctx.instance = ctx.tag->instance;
	/*
	 * Also for the whole fault: another thread may finish the swap-in
	 * while this one still reads ahead, and pages for that would look as
	 * if they were for a copy.
	 */
	ctx.addr = address & PAGE_MASK;
	ctx.purpose = usm_alloc_purpose(ctx.mm, ctx.addr);

	trace_usm_fault(ctx.instance->id, ctx.tag->member, address, flags);
	usm_fault_large(&ctx, vma, address & PAGE_MASK);
	enter(&ctx);
	ret = run(original, &ctx, vma, address, flags, regs);
	leave(&ctx);
	if (ctx.around.end && mapped(&ctx, ret))
		usm_fault_around(&ctx, vma, address & PAGE_MASK);

	/*
	 * A copy replaced a page that may be a frame of ours; and a page that
	 * was served but not installed is back already.
	 */
	if (ctx.kind == USM_FAULT_COW ||
	    (ctx.served && !usm_page_mapped(ctx.served)))
		usm_home_hint(ctx.instance);
out_channel:
	usm_channel_put(ctx.channel);
out:
	usm_tag_put(ctx.tag);
	return ret;
}
