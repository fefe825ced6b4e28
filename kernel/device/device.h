/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/USMMcd, and the proc files that go with a claim. */
#ifndef USM_DEVICE_H
#define USM_DEVICE_H

#include <linux/fs.h>

struct usm_evict;
struct usm_evicted;
struct usm_free;
struct usm_grant;
struct usm_instance;
struct usm_runs;
struct usm_pages;
struct usm_push;
struct usm_swapin;

int usm_device_init(void);
void usm_device_exit(void);

/* ---- slice.c: a daemon's view of its frames -------------------------------- */

int usm_slice_init(void);
void usm_slice_exit(void);
/*
 * All open files of the device share one mapping, so that revoking finds
 * every page table whatever file, node or container it came through.
 */
struct address_space *usm_slice_mapping(void);
/* mmap at USM_MMAP_SLICE: @vma->vm_pgoff is past it already. */
int usm_slice_mmap(struct vm_area_struct *vma);
/* Take these frames out of every page table of a daemon. Sleeps. */
void usm_slice_revoke(const struct usm_runs *runs);
/* The daemon's mapping of a frame that has just been marked .withheld. Sleeps. */
void usm_slice_withhold(struct usm_instance *instance, u32 frame);

/* ---- grants.c: on the file that holds the claim ------------------------------ */

long usm_device_push(struct usm_instance *instance, struct usm_push *push);
long usm_device_grant(struct usm_instance *instance, struct usm_grant *grant);
long usm_device_free(struct usm_instance *instance, struct usm_free *free);

/* ---- evict.c: likewise ------------------------------------------------------- */

long usm_device_evict(struct usm_instance *instance, struct usm_evict *evict);
long usm_device_swapin(struct usm_instance *instance,
		       struct usm_swapin *swapin);
long usm_device_pages(struct usm_instance *instance, struct usm_pages *pages);
long usm_device_evicted(struct usm_instance *instance,
			struct usm_evicted *evicted);

/* ---- partition.c: commands that change a partition, or what lies in it ------ */

long usm_device_resize(struct file *file, void *resize);
long usm_device_extents(struct file *file, void *extents);
long usm_device_adopt(struct file *file, void *adopt);
long usm_device_move(struct file *file, void *move);

/* ---- proc.c ------------------------------------------------------------------ */

int usm_proc_init(void);
void usm_proc_exit(void);

/* The instance that @file claimed, or NULL; valid while the file is open. */
struct usm_instance *usm_device_claim_of(struct file *file);

#endif /* USM_DEVICE_H */
