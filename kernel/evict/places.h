/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where evicted pages are missing: for each address space the addresses of
 * its markers.  The markers themselves are the truth; this says who holds a
 * record, and lets markers be found again that the kernel dropped (munmap,
 * MADV_DONTNEED, exit), copied (fork) or moved (mremap) on its own.
 */
#ifndef USM_PLACES_H
#define USM_PLACES_H

#include <linux/mm_types.h>

struct usm_record;

/* For the hooks' callbacks: does @mm miss pages? Takes no reference. */
bool usm_places_known(const struct mm_struct *mm);

/*
 * usm_places_add() - @record's marker is about to be at @addr; takes over one
 * place of the record.  -ENOMEM.  Sleeps; the caller holds mmap_lock for
 * writing.
 */
int usm_places_add(struct mm_struct *mm, unsigned long addr,
		   struct usm_record *record);
/* The marker of @record at @addr is gone: give up the place. */
void usm_places_remove(struct mm_struct *mm, unsigned long addr,
		       struct usm_record *record);

/* How many pages @mm misses. */
u32 usm_places_count(const struct mm_struct *mm);

/*
 * After copy_page_range(): the child's copies of the markers in @src get
 * their numbers and places.  -ENOMEM.
 */
int usm_places_fork(struct vm_area_struct *dst, struct vm_area_struct *src);
/* After move_page_tables() moved @length bytes. */
void usm_places_move(struct mm_struct *mm, unsigned long from, unsigned long to,
		     unsigned long length);
/* After exit_mmap(): nothing is left of @mm. */
void usm_places_exit(struct mm_struct *mm);
/* Something was unmapped: look soon whether markers went. Any context. */
void usm_places_hint(struct mm_struct *mm);

#endif /* USM_PLACES_H */
