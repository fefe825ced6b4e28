// SPDX-License-Identifier: GPL-2.0
/*
 * Bringing evicted pages back: the same frame where it still holds the
 * content, else one that the policy has filled.  The marker is replaced under
 * the page table's lock, so at no moment does anybody see the entry empty.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "channel/slots.h"
#include "compat/compat.h"
#include "evict/evict.h"
#include "evict/places.h"
#include "evict/record.h"
#include "faults/fault.h"
#include "faults/wait.h"
#include "frames/frames.h"
#include "frames/home.h"
#include "instance/instance.h"
#include "ptes/ptes.h"
#include "stats/latency.h"
#include "tags/tags.h"

/*
 * Replace the marker of @record at @addr by @page, whose reference is given
 * away.  -EAGAIN: somebody was faster, or the marker was dropped.
 */
static int replace_marker(struct vm_area_struct *vma, unsigned long addr,
			  struct usm_record *record, struct page *page)
{
	int err = usm_pte_install(vma, addr, page, usm_marker(record->id));

	if (!err) {
		usm_places_remove(vma->vm_mm, addr, record);
		return 0;
	}
	put_page(page);
	usm_home_hint(record->instance);
	return err;
}

#define STORED (READ_ONCE(record->frame) == USM_FRAME_NONE)

/*
 * The content is still in its frame, but a fork has made others that miss it
 * too.  Once the policy has stored it, everybody gets a frame of their own.
 */
static vm_fault_t wait_until_stored(struct vm_area_struct *vma,
				    struct usm_record *record,
				    unsigned int flags)
{
	wait_queue_head_t *queue = &record->instance->stored_wait;

	if (flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;
	usm_fault_unlock(vma, flags);
	if (flags & FAULT_FLAG_INTERRUPTIBLE && flags & FAULT_FLAG_USER)
		wait_event_interruptible(*queue, STORED);
	else if (flags & FAULT_FLAG_KILLABLE)
		wait_event_killable(*queue, STORED);
	else
		wait_event(*queue, STORED);
	return VM_FAULT_RETRY;
}

/*
 * The same for a caller that cannot come again, a debugger's say, or one that
 * is past being killed: one deadline, under its lock, which storing the
 * content does not need.
 */
static bool stored_soon(struct usm_record *record)
{
	struct usm_instance *instance = record->instance;

	return wait_event_timeout(
		instance->stored_wait, STORED,
		msecs_to_jiffies(READ_ONCE(instance->deadline_ms)));
}
#undef STORED

static vm_fault_t retaken(struct vm_area_struct *vma, unsigned long addr,
			  struct usm_record *record, struct page *page)
{
	int err = replace_marker(vma, addr, record, page);

	/* The marker was dropped meanwhile: the fault is to look again. */
	return err && err != -EAGAIN ? VM_FAULT_SIGBUS : 0;
}

static vm_fault_t use(struct usm_fault_ctx *ctx, struct vm_area_struct *vma,
		      unsigned long addr, struct usm_record *record,
		      const struct usm_answer *answer)
{
	struct usm_instance *instance = record->instance;
	struct page *page =
		usm_frame_use(instance, answer->frame, ctx->tag, addr);
	int err = replace_marker(vma, addr, record, page);

	if (err == -EAGAIN)
		return 0;
	if (err)
		return VM_FAULT_SIGBUS;
	atomic64_inc(&instance->faults);
	atomic64_inc(&instance->upcalls);
	atomic64_inc(&instance->swapins);
	usm_latency_add(instance, answer->waited_ns);
	if (ctx->tag) {
		atomic64_inc(&ctx->tag->faults);
		atomic64_inc(&ctx->tag->upcalls);
		atomic64_inc(&ctx->tag->swapins);
	}
	return VM_FAULT_MAJOR;
}

static vm_fault_t ask(struct usm_fault_ctx *ctx, struct vm_area_struct *vma,
		      unsigned long addr, struct usm_record *record,
		      unsigned int flags)
{
	struct usm_answer answer;

	for (;;) {
		switch (usm_ask_policy(ctx, vma, addr, &answer)) {
		case USM_KSLOT_ANSWERED:
			return use(ctx, vma, addr, record, &answer);
		case USM_KSLOT_PENDING:
			break;
		default:
			/* Back meanwhile, or dropped: the fault looks again. */
			if (usm_marker_id(usm_pte_read(vma->vm_mm, addr)) !=
			    record->id)
				return 0;
			/* Refused, or nobody is left to ask: it is lost. */
			return VM_FAULT_SIGBUS;
		}
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

vm_fault_t usm_swapin_fault(struct usm_fault_ctx *ctx,
			    struct vm_area_struct *vma, unsigned long addr,
			    unsigned int flags, u32 id)
{
	struct usm_record *record = usm_record_find(id);
	vm_fault_t ret = VM_FAULT_SIGBUS;
	struct page *page;
	bool shared, again;

	/*
	 * Another thread was faster: a record ends after its last marker went.
	 * One that nobody knows would be met again and again.
	 */
	if (!record)
		return usm_marker_id(usm_pte_read(vma->vm_mm, addr)) == id
			       ? VM_FAULT_SIGBUS
			       : 0;
	/* A mapping that holds a marker has had anonymous pages. */
	if (WARN_ON_ONCE(!vma->anon_vma))
		goto out;
	ctx->instance = record->instance;
	ctx->kind = USM_FAULT_SWAPIN;
	ctx->record = id;
	ctx->cookie = record->cookie;

	again = flags & FAULT_FLAG_ALLOW_RETRY &&
		!(current->flags & PF_EXITING);
	page = usm_record_retake(record, ctx->tag, addr, &shared);
	if (page)
		ret = retaken(vma, addr, record, page);
	else if (ctx->fall_back)
		/* A daemon must not wait for a daemon, possibly itself. */
		ret = VM_FAULT_SIGBUS;
	else if (shared && again)
		ret = wait_until_stored(vma, record, flags);
	else if (!shared || stored_soon(record))
		ret = ask(ctx, vma, addr, record, flags);
out:
	if (ret & VM_FAULT_SIGBUS)
		pr_notice_ratelimited(
			"instance %u \"%s\": pid %d gets an error for an evicted page%s\n",
			record->instance->id, record->instance->name,
			task_tgid_nr(current),
			current->mm == vma->vm_mm ? "" : " of another process");
	usm_record_put(record);
	return ret;
}

/* ---- before it is touched ------------------------------------------------------ */

/* The address space's lock is held for reading. */
static int swapin_at(struct usm_instance *instance, struct usm_tag *tag,
		     struct mm_struct *mm, const struct usm_swapin_entry *entry)
{
	struct vm_area_struct *vma = find_vma(mm, entry->addr);
	struct usm_record *record;
	struct page *page;
	int err = -ENOENT;

	if (!vma || vma->vm_start > entry->addr || !vma->anon_vma)
		return -ENOENT;
	record = usm_record_find(usm_marker_id(usm_pte_read(mm, entry->addr)));
	if (!record || record->instance != instance)
		goto out;
	err = -EBUSY;
	if (READ_ONCE(record->frame) != USM_FRAME_NONE)
		goto out;
	err = usm_frame_grant(instance, entry->frame);
	if (err)
		goto out;
	page = usm_frame_use(instance, entry->frame, tag, entry->addr);
	err = replace_marker(vma, entry->addr, record, page);
	if (!err) {
		atomic64_inc(&instance->swapins);
		atomic64_inc(&tag->swapins);
	}
out:
	usm_record_put(record);
	return err;
}

int usm_swapin(struct usm_instance *instance,
	       const struct usm_swapin_entry *entry)
{
	struct mm_struct *mm;
	struct usm_tag *tag;
	int err = -ESRCH;

	if (entry->reserved || !PAGE_ALIGNED(entry->addr))
		return -EINVAL;
	tag = usm_tag_of_member(instance, entry->member);
	if (!tag)
		return -ESRCH;
	mm = usm_tag_mm(tag);
	if (!mm)
		goto out_tag;
	/* Whoever waits to write may be waiting for a fault that we answer. */
	err = -EAGAIN;
	if (mmap_read_trylock(mm)) {
		err = swapin_at(instance, tag, mm, entry);
		mmap_read_unlock(mm);
	}
	mmput(mm);
out_tag:
	usm_tag_put(tag);
	return err;
}
