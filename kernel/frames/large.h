/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Large pages: aligned runs of frames that the kernel handles as one folio.
 *
 * The first page of the run carries the references of all, the base reference
 * among them: the run is home when that count is one again, and only then is
 * it taken apart.  Every frame of a run has its order in the frame table.
 */
#ifndef USM_LARGE_H
#define USM_LARGE_H

#include <linux/types.h>

struct folio;
struct page;
struct usm_frame;
struct usm_instance;

/* The smallest run worth being one: the kernel has no anonymous pairs. */
#define USM_LARGE_ORDER_MIN 2

/* Resolve what is needed of the kernel; without it there are no large pages. */
void usm_large_init(void);
bool usm_large_supported(void);

/* Is it the first frame of its run, or small? */
bool usm_large_is_head(u32 frame, u8 order);

/*
 * usm_large_build() - make one folio of 2^@order pages, each with its base
 * reference and one more; the folio then has those two.
 * Returns NULL, with all as they were, when somebody looks at one of them.
 */
struct folio *usm_large_build(struct page *first, unsigned int order);

/*
 * usm_large_take_apart() - the folio of which only the base reference is left
 * becomes pages with one each, otherwise like new.
 * Returns false when it got another reference meanwhile.
 */
bool usm_large_take_apart(struct page *first, unsigned int order);

/*
 * usm_large_split() - make the folio that @frame is part of small pages that
 * stay mapped where they were; those that nobody maps come home.
 * Returns -ENOENT when it is part of none, -EBUSY when it is pinned or
 * otherwise in use; nothing changed then.  Sleeps; no page-table lock may be
 * held, the locks of an address space may.
 */
int usm_large_split(struct usm_instance *instance, u32 frame);

/*
 * The same for a caller in the kernel that has the folio locked and one
 * reference to it.  Its errors.
 */
int usm_large_split_for_kernel(struct page *first);

/* A part of the folio was unmapped. Any context. */
void usm_large_unmapped_part(struct folio *folio);

#endif /* USM_LARGE_H */
