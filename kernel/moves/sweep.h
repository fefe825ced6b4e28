/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replacing pages of a whole address space by others, while its threads run:
 * what shrinking (frames by frames elsewhere), adopting (ordinary pages by
 * frames) and draining (frames by ordinary pages) have in common.
 */
#ifndef USM_SWEEP_H
#define USM_SWEEP_H

#include <linux/mm.h>

struct usm_sweep;

enum usm_sweep_evicted {
	USM_SWEEP_IGNORE,
	USM_SWEEP_LEAVE, /* and count it */
	USM_SWEEP_BRING_IN, /* through the policy; then it is like any other */
};

struct usm_sweep_ops {
	/* Mappings that are of interest. */
	bool (*vma)(const struct usm_sweep *sweep,
		    const struct vm_area_struct *vma);
	/* Is @page, mapped there, to be replaced?  Of a large one: the first. */
	bool (*page)(const struct usm_sweep *sweep, struct page *page);
	/* One to put in its place, with a reference, or an ERR_PTR. Sleeps. */
	struct page *(*fresh)(struct usm_sweep *sweep,
			      struct vm_area_struct *vma, unsigned long addr);
	/* It is in place now; may be NULL. */
	void (*placed)(struct usm_sweep *sweep, struct page *page,
		       unsigned long addr);
	/* It was not used after all. */
	void (*unused)(struct usm_sweep *sweep, struct page *page);
	/* What to do with evicted page @id; NULL: let it be. */
	enum usm_sweep_evicted (*evicted)(const struct usm_sweep *sweep,
					  u32 id);
	/* Fresh pages go on the LRU lists. */
	bool lru;
};

struct usm_sweep {
	const struct usm_sweep_ops *ops;
	void *data; /* of the ops' own */
	struct mm_struct *mm;
	unsigned long addr; /* where to begin, and then where to go on */
	unsigned long end; /* 0: all of it */
	u32 limit; /* pages to replace at most */
	/* out, added up over calls */
	u32 replaced;
	u32 busy; /* pinned, shared with another process, or changing hands */
	u32 swapped; /* in the kernel's swap */
	u32 evicted; /* left, or could not be brought in */
};

/*
 * usm_sweep_run() - from .addr on, until the end (.addr is 0 then) or .limit.
 * Returns what .fresh returned, -EINTR on a fatal signal; .addr says where.
 */
int usm_sweep_run(struct usm_sweep *sweep);

#endif /* USM_SWEEP_H */
