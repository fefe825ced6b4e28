// SPDX-License-Identifier: GPL-2.0
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "channel/channel.h"
#include "channel/doorbell.h"
#include "channel/slots.h"
#include "compat/compat.h"
#include "faults/fault.h"
#include "frames/home.h"
#include "instance/instance.h"
#include "tags/tags.h"

/*
 * For callers that can neither retry nor be told to (KSM breaking a page,
 * exec filling its stack): they hold the address space's lock, so this is
 * all the time the policy gets.
 */
#define NO_RETRY_WAIT_MS 2
/* The kernel rings again this many times between half and whole deadline. */
#define RINGS_PER_DEADLINE 10

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

/*
 * How the fault's caller wants to be woken.  An ordinary signal is of use only
 * on the way back to user mode; elsewhere the fault would be retried at once,
 * with the signal still pending, round and round.
 */
static unsigned int sleep_state(unsigned int flags)
{
	if (flags & FAULT_FLAG_INTERRUPTIBLE && flags & FAULT_FLAG_USER)
		return TASK_INTERRUPTIBLE;
	if (flags & FAULT_FLAG_KILLABLE)
		return TASK_KILLABLE;
	return TASK_UNINTERRUPTIBLE;
}

/*
 * Sleep until the request is settled, @until (jiffies) or a signal.
 * Returns false on a signal.
 */
static bool sleep_until(struct usm_kslot *slot, unsigned int state,
			unsigned long until)
{
	DEFINE_WAIT(wait);
	bool undisturbed = true;

	for (;;) {
		long left = (long)(until - jiffies);

		prepare_to_wait(&slot->wait, &wait, state);
		if (!usm_slot_pending(slot) || left <= 0)
			break;
		if (signal_pending_state(state, current)) {
			undisturbed = false;
			break;
		}
		schedule_timeout(left);
	}
	finish_wait(&slot->wait, &wait);
	return undisturbed;
}

/*
 * The policy's time, without any lock held.  The first half belongs to the
 * worker and the waker; in the second the kernel wakes the worker itself, and
 * at the end the kernel's allocator serves the fault.
 */
static void wait_for_policy(struct usm_fault_ctx *ctx, unsigned int flags)
{
	struct usm_instance *instance = ctx->instance;
	struct usm_kslot *slot = ctx->slot;
	unsigned int state = sleep_state(flags);
	unsigned long deadline =
		max(msecs_to_jiffies(READ_ONCE(instance->deadline_ms)), 2UL);
	/* From when it was asked, however often a signal interrupted since. */
	unsigned long start = READ_ONCE(slot->posted);
	unsigned long ring = start + deadline / 2;
	unsigned long step = max(deadline / RINGS_PER_DEADLINE, 1UL);

	if (!sleep_until(slot, state, ring))
		return;
	if (usm_slot_pending(slot))
		usm_waker_overdue(instance);
	while (usm_slot_pending(slot) && time_before(ring, start + deadline)) {
		usm_doorbell_wake(instance, ctx->channel, slot->index);
		ring += step;
		if (!sleep_until(slot, state, ring))
			return;
	}
	usm_slot_give_up(slot, USM_FALLBACK_LATE);
	usm_slot_show(slot, ctx->channel, USM_SLOT_IDLE);
}

static bool concerns_us(const struct vm_area_struct *vma)
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
		ret = original(vma, address, flags, regs);
		if (!ctx->waiting || !(ret & VM_FAULT_OOM))
			return ret;
		/* Answered meanwhile: all locks are still held, go again. */
		if (!usm_slot_pending(ctx->slot))
			continue;

		if (!(flags & FAULT_FLAG_ALLOW_RETRY)) {
			sleep_until(ctx->slot, TASK_UNINTERRUPTIBLE,
				    jiffies +
					    msecs_to_jiffies(NO_RETRY_WAIT_MS));
			usm_slot_give_up(ctx->slot, USM_FALLBACK_CONTEXT);
			continue;
		}
		if (flags & FAULT_FLAG_RETRY_NOWAIT)
			return VM_FAULT_RETRY;

		usm_fault_unlock(vma, flags);
		wait_for_policy(ctx, flags);
		return VM_FAULT_RETRY;
	}
}

vm_fault_t usm_fault(usm_fault_fn original, struct vm_area_struct *vma,
		     unsigned long address, unsigned int flags,
		     struct pt_regs *regs)
{
	struct usm_fault_ctx ctx = { .task = current, .mm = vma->vm_mm };
	bool pinned;
	vm_fault_t ret;

	ctx.tag = usm_tag_find(ctx.mm);
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
	if (!READ_ONCE(ctx.tag->serving) || !concerns_us(vma)) {
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
	ctx.kernels_own = usm_alloc_purpose(ctx.mm, address & PAGE_MASK) ==
			  USM_ALLOC_OTHER;
	/* A daemon must never wait for a daemon, possibly itself. */
	if (current->mm != ctx.mm && current->mm &&
	    usm_daemon_is(current->mm)) {
		ctx.fall_back = true;
		ctx.reason = USM_FALLBACK_CONTEXT;
	}

	enter(&ctx);
	ret = run(original, &ctx, vma, address, flags, regs);
	leave(&ctx);

	/*
	 * A copy replaced a page that may be a frame of ours; and a page that
	 * was served but not installed is back already.
	 */
	if (ctx.kind == USM_FAULT_COW ||
	    (ctx.served && atomic_read(&ctx.served->_mapcount) < 0))
		usm_home_hint(ctx.instance);
	usm_channel_put(ctx.channel);
out:
	usm_tag_put(ctx.tag);
	return ret;
}
