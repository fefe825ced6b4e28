// SPDX-License-Identifier: GPL-2.0
#include <linux/highmem.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/timekeeping.h>

#include "channel/channel.h"
#include "channel/doorbell.h"
#include "channel/slots.h"
#include "compat/compat.h"
#include "faults/fault.h"
#include "faults/loss.h"
#include "frames/frames.h"
#include "grants/grants.h"
#include "instance/instance.h"
#include "stats/latency.h"
#include "stats/trace.h"
#include "tags/tags.h"

/*
 * How long a fault spins for an answer before it gives up its locks and
 * sleeps: a worker that polls answers within a few microseconds, and a sleep
 * with its wake-up costs about this much.
 */
#define SPIN_NS (20 * NSEC_PER_USEC)

static enum usm_serve_result fall_back(struct usm_tag *tag,
				       enum usm_fallback_reason reason)
{
	trace_usm_fallback(tag->instance->id, tag->member, reason);
	atomic64_inc(&tag->fallbacks);
	atomic64_inc(&tag->instance->fallbacks[reason]);
	return USM_SERVE_KERNEL;
}

static void take_channel(struct usm_fault_ctx *ctx)
{
	struct usm_instance *instance = ctx->instance;

	if (ctx->channel)
		return;
	spin_lock(&instance->lock);
	if (instance->channel) {
		usm_channel_get(instance->channel);
		ctx->channel = instance->channel;
	}
	spin_unlock(&instance->lock);
}

static enum usm_serve_result fail(struct usm_fault_ctx *ctx,
				  struct folio **folio)
{
	ctx->failed = true;
	*folio = NULL;
	return USM_SERVE_FOLIO;
}

static void spin(struct usm_fault_ctx *ctx)
{
	struct usm_kslot *slot = ctx->slot;
	u64 end;

	if (!usm_worker_running(ctx->instance, slot->index))
		return;
	end = local_clock() + SPIN_NS;
	while (usm_slot_pending(slot) && local_clock() < end &&
	       !need_resched()) {
		usm_slot_poll(slot, ctx->channel);
		cpu_relax();
	}
}

/* Ask the policy, and see whether the answer comes at once. */
static void ask(struct usm_fault_ctx *ctx, const struct usm_request *request)
{
	struct usm_kslot *slot = ctx->slot;

	usm_slot_post(slot, ctx->channel, request);
	/* Lost: the next daemon will find it. */
	if (!ctx->channel)
		return;
	usm_doorbell_ring(ctx->instance, ctx->channel, slot->index);
	spin(ctx);
	if (usm_slot_pending(slot)) {
		usm_slot_show(slot, ctx->channel, USM_SLOT_ASLEEP);
		/* A reply stored before the daemon could see ASLEEP. */
		usm_slot_poll(slot, ctx->channel);
	}
	/* The daemon may have left before the request was posted. */
	if (READ_ONCE(ctx->instance->channel) != ctx->channel)
		usm_loss_settle(slot);
}

/*
 * What the policy was asked for already goes first: its answer would find
 * nobody, and its frame be out until this thread asks again.
 */
static bool asked_already(struct usm_fault_ctx *ctx, unsigned long addr)
{
	if (!atomic_read(&ctx->instance->slots_busy))
		return false;
	ctx->slot = usm_slot_find(ctx->instance);
	return ctx->slot && usm_slot_asked(ctx->slot, ctx->tag->member, addr);
}

static bool serve_granted(struct usm_fault_ctx *ctx, unsigned long addr,
			  gfp_t gfp, struct folio **folio)
{
	struct usm_granted granted;

	if (!usm_grants_any(ctx->instance, ctx->tag) ||
	    asked_already(ctx, addr) ||
	    !usm_grants_take(ctx->tag, addr, &granted))
		return false;
	if (gfp & __GFP_ZERO && !granted.zeroed)
		clear_user_highpage(granted.page, addr);
	ctx->served = granted.page;
	ctx->around = granted.around;
	*folio = page_folio(granted.page);
	return true;
}

static struct folio *use(struct usm_fault_ctx *ctx, unsigned long addr,
			 gfp_t gfp, const struct usm_answer *answer)
{
	struct usm_instance *instance = ctx->instance;
	struct page *page =
		usm_frame_use(instance, answer->frame, ctx->tag, addr);

	if (gfp & __GFP_ZERO)
		clear_user_highpage(page, addr);
	atomic64_inc(&instance->faults);
	atomic64_inc(&instance->upcalls);
	atomic64_inc(&ctx->tag->faults);
	atomic64_inc(&ctx->tag->upcalls);
	usm_latency_add(instance, answer->waited_ns);
	ctx->served = page;
	return page_folio(page);
}

enum usm_kslot_state usm_ask_policy(struct usm_fault_ctx *ctx,
				    struct vm_area_struct *vma,
				    unsigned long addr,
				    struct usm_answer *answer)
{
	const struct usm_request request = {
		.member = ctx->tag ? ctx->tag->member : 0,
		.vma = vma,
		.addr = addr,
		.kind = ctx->kind,
		.flags = current->mm == ctx->mm ? 0 : USM_FAULT_REMOTE,
		.record = ctx->record,
		.cookie = ctx->cookie,
	};
	enum usm_kslot_state state;

	answer->reason = USM_FALLBACK_NO_SLOT;
	if (!ctx->slot)
		ctx->slot = usm_slot_of_caller(ctx->instance);
	if (!ctx->slot)
		return USM_KSLOT_FALLBACK;

	state = usm_slot_take(ctx->slot, &request, answer);
	if (state != USM_KSLOT_IDLE)
		return state;
	switch (usm_loss_action(ctx->instance, ctx->kind, &answer->reason)) {
	case USM_LOSS_KERNEL:
		return USM_KSLOT_FALLBACK;
	case USM_LOSS_SIGBUS:
		return USM_KSLOT_FAILED;
	case USM_LOSS_ASK:
	case USM_LOSS_WAIT:
		break;
	}
	take_channel(ctx);
	ask(ctx, &request);
	state = usm_slot_take(ctx->slot, &request, answer);
	if (state != USM_KSLOT_IDLE)
		return state;
	/* Withdrawn at once: the member is not served any more. */
	answer->reason = USM_FALLBACK_CONTEXT;
	return USM_KSLOT_FALLBACK;
}

static enum usm_serve_result serve_small(struct usm_fault_ctx *ctx,
					 struct vm_area_struct *vma,
					 unsigned long addr, gfp_t gfp,
					 struct folio **folio)
{
	struct usm_answer answer;

	switch (usm_ask_policy(ctx, vma, addr, &answer)) {
	case USM_KSLOT_ANSWERED:
		*folio = use(ctx, addr, gfp, &answer);
		return USM_SERVE_FOLIO;
	case USM_KSLOT_PENDING:
		ctx->waiting = true;
		*folio = NULL;
		return USM_SERVE_FOLIO;
	case USM_KSLOT_FAILED:
		return fail(ctx, folio);
	case USM_KSLOT_FALLBACK:
	case USM_KSLOT_IDLE:
		break;
	}
	return fall_back(ctx->tag, answer.reason);
}

static struct folio *serve_large(struct usm_fault_ctx *ctx, unsigned long addr,
				 int order)
{
	struct folio *folio;
	struct usm_run run;

	if (!READ_ONCE(ctx->tag->large_ranges) || order > USM_ORDER_MAX ||
	    !usm_grants_take_run(ctx->tag, addr, order, &run))
		return NULL;
	folio = usm_fault_build(ctx, &run);
	if (folio)
		ctx->served = &folio->page;
	return folio;
}

/*
 * Zeroes are asked for where nothing was; if another thread mapped something
 * in between, the kernel will notice and drop the page.
 */
static enum usm_alloc_purpose purpose_now(const struct usm_fault_ctx *ctx,
					  unsigned long addr, gfp_t gfp)
{
	if (gfp & __GFP_ZERO && ctx->purpose == USM_ALLOC_MISSING &&
	    ctx->addr == addr)
		return USM_ALLOC_MISSING;
	return usm_alloc_purpose(ctx->mm, addr);
}

enum usm_serve_result usm_serve(gfp_t gfp, int order,
				struct vm_area_struct *vma, unsigned long addr,
				struct folio **folio)
{
	struct mm_struct *mm = vma->vm_mm;
	struct usm_fault_ctx *ctx = usm_fault_context(mm);
	struct usm_tag *tag;

	if (!ctx) {
		/* Not a fault: fork copying a pinned page, KSM, userfaultfd. */
		tag = usm_tag_find(mm);
		if (tag && READ_ONCE(tag->serving) && order == 0)
			fall_back(tag, USM_FALLBACK_CONTEXT);
		usm_tag_put(tag);
		return USM_SERVE_KERNEL;
	}

	/* A swap-in or the like. */
	if (ctx->purpose == USM_ALLOC_OTHER)
		return USM_SERVE_KERNEL;
	addr &= PAGE_MASK;
	switch (purpose_now(ctx, addr, gfp)) {
	case USM_ALLOC_MISSING:
		/*
		 * First touch of anonymous memory asks for a zeroed page;
		 * who does not has lost a race and wants it for a swap-in.
		 */
		if (vma_is_anonymous(vma) && order == 0 && !(gfp & __GFP_ZERO))
			return USM_SERVE_KERNEL;
		ctx->kind = vma_is_anonymous(vma) ? USM_FAULT_ANON
						  : USM_FAULT_FILE_COW;
		break;
	case USM_ALLOC_COPY:
		ctx->kind = USM_FAULT_COW;
		break;
	case USM_ALLOC_OTHER:
		return USM_SERVE_KERNEL;
	}

	/* Else the kernel asks for a smaller one. */
	if (order > 0) {
		*folio = serve_large(ctx, addr, order);
		return USM_SERVE_FOLIO;
	}
	if (ctx->kind == USM_FAULT_ANON && usm_fault_large(ctx, vma, addr)) {
		ctx->again = true;
		*folio = NULL;
		return USM_SERVE_FOLIO;
	}
	if (serve_granted(ctx, addr, gfp, folio))
		return USM_SERVE_FOLIO;
	if (ctx->fall_back)
		return fall_back(ctx->tag, ctx->reason);
	return serve_small(ctx, vma, addr, gfp, folio);
}
