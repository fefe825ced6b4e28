/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finding frames that came home.  Nothing in the kernel tells when a page's
 * last foreign reference goes, so the truth is looked up: a scan over the
 * instance's mapped frames for a reference count of one.  Hints (a member's
 * mappings went away, a copy replaced a page) say when a scan is worth it.
 */
#ifndef USM_HOME_H
#define USM_HOME_H

struct mm_struct;
struct page;
struct usm_instance;

void usm_home_init(struct usm_instance *instance);

/* Scan soon. Any context that may take a spinlock. */
void usm_home_hint(struct usm_instance *instance);

/*
 * What freeing and allocating @page anew would have reset; nobody else refers
 * to it any more.  Any context.
 */
void usm_frame_renew(struct page *page);

/* Scan now. Sleeps. Returns how many frames came home. */
unsigned int usm_home_scan(struct usm_instance *instance);

#endif /* USM_HOME_H */
