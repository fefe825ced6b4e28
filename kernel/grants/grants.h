/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames given ahead, so that a fault need not ask.  A fault looks, in this
 * order, for a range grant over its page, into its member's magazine, and
 * into the one all members share.
 *
 * What a grant holds stays good without a daemon.  The next one that attaches
 * begins with all unused grants taken back, because it does not know them.
 */
#ifndef USM_GRANTS_H
#define USM_GRANTS_H

#include <linux/types.h>

#include "grants/ranges.h"
#include "usm.h"

struct page;
struct usm_instance;
struct usm_tag;

/* What a fault got from a grant. */
struct usm_granted {
	struct page *page; /* MAPPED, with the kernel's reference */
	enum usm_grant_kind kind;
	bool zeroed; /* the policy vouches for that */
	struct usm_window around; /* neighbours to map too; empty: none */
};

/* Is it worth a look?  A hint, without locks. */
bool usm_grants_any(const struct usm_instance *instance,
		    const struct usm_tag *tag);

/*
 * usm_grants_take() - a frame for the page at @addr, if one was given ahead.
 * Counts the fault, tells the policy, and rings when a magazine ran low.
 */
bool usm_grants_take(struct usm_tag *tag, unsigned long addr,
		     struct usm_granted *granted);

/*
 * usm_grants_take_around() - frames for neighbours of a fault.
 * @window: within one range grant's
 * @pages: one bit a page of it, those wanted; those that were taken after
 * Each taken one is MAPPED, with the kernel's reference.  Returns how many.
 */
u32 usm_grants_take_around(struct usm_tag *tag, const struct usm_window *window,
			   unsigned long *pages);

struct vm_area_struct;

/*
 * usm_grants_take_large() - the frames of a large page over @addr, the largest
 * that fits: in its grant, in @vma, and with nothing mapped there.  Below 2 MiB,
 * which the kernel asks for itself.
 * usm_grants_take_run() - the same for exactly that order, at the kernel's
 * wish, which has seen to the rest.
 * Each frame is MAPPED with the kernel's reference and knows the run's order.
 */
bool usm_grants_take_large(struct usm_tag *tag,
			   const struct vm_area_struct *vma, unsigned long addr,
			   struct usm_run *run);
bool usm_grants_take_run(struct usm_tag *tag, unsigned long addr, u8 order,
			 struct usm_run *run);
/* It could not be made a large page: its frames are small ones. */
void usm_grants_run_small(struct usm_instance *instance,
			  const struct usm_run *run);

/*
 * usm_grants_push() - USM_IOC_PUSH for @nr frames; fills .done and .error.
 */
void usm_grants_push(struct usm_instance *instance, const u32 *frames,
		     struct usm_push *push);

/*
 * usm_grants_add() - USM_IOC_GRANT for one entry, which is well-formed.
 * Returns its result.  Sleeps.
 */
int usm_grants_add(struct usm_instance *instance,
		   const struct usm_grant_entry *entry);

/*
 * usm_grants_free() - an unused grant's frame becomes FREE.
 * Returns -EPERM for another's frame, -ESTALE when it is no unused grant.
 */
int usm_grants_free(struct usm_instance *instance, u32 frame);

/*
 * Take a frame out of the grant that holds it, if one does: the caller, who
 * holds instance->lock, gives it its next state.
 */
bool usm_grants_unlink(struct usm_instance *instance, u32 frame);

/*
 * @tag does not serve any more: what was given to it and not used goes home.
 * Process context.
 */
void usm_grants_release(struct usm_tag *tag);

/* All unused grants of all members go home. Process context. */
void usm_grants_release_all(struct usm_instance *instance);

#endif /* USM_GRANTS_H */
