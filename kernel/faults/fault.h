/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A member's page fault, from the outside in:
 *
 *   usm_fault()   wraps handle_mm_fault(): sets up the context, lets the
 *                 kernel do its work, and waits when the policy needs longer
 *                 than a short spin.
 *   usm_serve()   stands in for the kernel's page allocation inside of it:
 *                 asks the policy and hands out the frame it chose.
 *
 * The kernel does everything else, rmap, counters, page tables, copy-on-write.
 * When no frame is at hand usm_serve() fails the allocation; the kernel backs
 * out as it does when memory is short, with its locks as they were, and
 * usm_fault() gives them up, sleeps, and has the fault retried.
 */
#ifndef USM_FAULT_H
#define USM_FAULT_H

#include <linux/mm.h>

#include "channel/slots.h"
#include "grants/ranges.h"
#include "usm.h"

struct usm_channel_mem;
struct usm_instance;
struct usm_kslot;
struct usm_tag;

/* What an allocation is for, from the page table entry at @addr. */
enum usm_alloc_purpose {
	USM_ALLOC_MISSING,
	USM_ALLOC_COPY,
	USM_ALLOC_OTHER, /* swap-in and the like: the kernel's own */
};

/* What one wrapped fault knows; lives on the faulting task's stack. */
struct usm_fault_ctx {
	struct hlist_node node;
	struct task_struct *task;
	struct mm_struct *mm;
	struct usm_tag *tag;
	struct usm_instance *instance;

	unsigned int flags; /* FAULT_FLAG_* */

	/* Set by usm_serve(). */
	bool again; /* failed the allocation: what it was for is there */
	bool waiting; /* failed the allocation: the policy was asked */
	bool failed; /* failed the allocation: it is to be a SIGBUS */
	struct usm_kslot *slot;
	struct usm_channel_mem *channel; /* with a reference */
	struct page *served;
	struct usm_window around; /* neighbours that may be mapped too */
	enum usm_fault_kind kind;
	u32 record; /* SWAPIN: number and cookie of the evicted page */
	u64 cookie;

	/* Set by usm_fault(): what the entry was like before the kernel looked. */
	unsigned long addr;
	enum usm_alloc_purpose purpose;
	/* Set by usm_fault(): the kernel's allocator serves this one. */
	bool fall_back;
	enum usm_fallback_reason reason;
};

enum usm_alloc_purpose usm_alloc_purpose(struct mm_struct *mm,
					 unsigned long addr);

typedef vm_fault_t (*usm_fault_fn)(struct vm_area_struct *vma,
				   unsigned long address, unsigned int flags,
				   struct pt_regs *regs);

vm_fault_t usm_fault(usm_fault_fn original, struct vm_area_struct *vma,
		     unsigned long address, unsigned int flags,
		     struct pt_regs *regs);

/* Does a new anonymous page there need no more than an entry and its rmap? */
bool usm_fault_plain(const struct vm_area_struct *vma);

/*
 * usm_fault_large() - map a large page over @addr, if a range grant has one for
 * it and the kernel is prepared for one there.  The fault's locks are held, no
 * page table's.  Returns whether it did.
 */
bool usm_fault_large(struct usm_fault_ctx *ctx, struct vm_area_struct *vma,
		     unsigned long addr);
/* The folio of a run that was taken, or NULL: the run is on its way home. */
struct folio *usm_fault_build(struct usm_fault_ctx *ctx,
			      const struct usm_run *run);

/*
 * usm_ask_policy() - where the policy is with the fault of @ctx at @addr: asks
 * it if it was not asked, and spins a moment for the answer.
 * ANSWERED: @answer->frame is the caller's, GRANTED.  PENDING: wait and come
 * again.  FALLBACK: no frame, for @answer->reason.  FAILED: SIGBUS.
 */
enum usm_kslot_state usm_ask_policy(struct usm_fault_ctx *ctx,
				    struct vm_area_struct *vma,
				    unsigned long addr,
				    struct usm_answer *answer);

/*
 * usm_fault_around() - map neighbours of the page that was just mapped, from
 * the same range grant.  The locks of the fault are still held.
 */
void usm_fault_around(struct usm_fault_ctx *ctx, struct vm_area_struct *vma,
		      unsigned long addr);

enum usm_serve_result {
	USM_SERVE_KERNEL, /* the kernel's allocator is to serve it */
	USM_SERVE_FOLIO, /* *folio is it, or NULL: fail the allocation */
};

enum usm_serve_result usm_serve(gfp_t gfp, int order,
				struct vm_area_struct *vma, unsigned long addr,
				struct folio **folio);

/* Is @vma such memory as the policy is asked for at all? */
bool usm_vma_served(const struct vm_area_struct *vma);

/* The calling task's innermost context on @mm, or NULL. */
struct usm_fault_ctx *usm_fault_context(struct mm_struct *mm);

#endif /* USM_FAULT_H */
