/* SPDX-License-Identifier: MIT */
/*
 * shelf.h - pages that were read ahead, until somebody needs them.
 *
 * They stand in memory of the daemon's own, under their cookies, and are copied
 * into a frame when a fault asks for that cookie.  Not in frames of the
 * partition, and not put in place by USM_IOC_SWAPIN, for two reasons.  That
 * call names a page by its address, and what is at an address may be another
 * evicted page by then (mremap() moves them): a cookie says what a page holds,
 * an address does not.  And a frame may leave the partition and come back
 * zeroed while it waits.  It is also less: pages that nobody needs take no frame
 * from those that somebody does.  The price is one copy.  As the swap cache of
 * Linux is indexed by swap entry.  One thread.
 */
#ifndef USM_INSTANCE_PREFETCH_SHELF_H
#define USM_INSTANCE_PREFETCH_SHELF_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Places: 1 MiB.  With 5 ms for each page that is fifty thousand pages a second;
 * more of them help nobody.
 */
#define USM_SHELF_PLACES 256U

/* No place. */
#define USM_SHELF_NONE UINT32_MAX

struct usm_shelf_page {
	uint64_t cookie;
	uint64_t addr; /* where it is expected to be needed */
	uint64_t turn; /* when it was put there: a count of the caller's */
	uint32_t member;
	bool loading; /* not there yet */
};

struct usm_shelf;

/* Empty.  *out is the caller's.  -ENOMEM, -errno. */
int usm_shelf_create(struct usm_shelf **out);

/* Frees it; nothing may be loading any more.  NULL is fine. */
void usm_shelf_destroy(struct usm_shelf *shelf);

/*
 * A place for a page (copied, .loading) that is not on the shelf, and where to
 * load it to.  USM_SHELF_NONE: all are taken.
 */
uint32_t usm_shelf_put(struct usm_shelf *shelf,
		       const struct usm_shelf_page *page, void **to);

/* It is there now. */
void usm_shelf_loaded(struct usm_shelf *shelf, uint32_t place);

/* The place of the page with that cookie, or USM_SHELF_NONE. */
uint32_t usm_shelf_find(const struct usm_shelf *shelf, uint64_t cookie);

/* What stands at a place that is taken. */
const struct usm_shelf_page *usm_shelf_page(const struct usm_shelf *shelf,
					    uint32_t place);

/* Copies a page that is there to a frame.  -EFAULT: not to be written. */
int usm_shelf_copy(const struct usm_shelf *shelf, uint32_t place, void *frame);

/* The place is free; nothing may be loading to it. */
void usm_shelf_clear(struct usm_shelf *shelf, uint32_t place);

/* The next place that is taken, from `from` on, or USM_SHELF_NONE. */
uint32_t usm_shelf_next(const struct usm_shelf *shelf, uint32_t from);

/* Is a page being loaded from that slot? */
bool usm_shelf_is_loading(const struct usm_shelf *shelf, uint32_t slot);

/* Pages on it, those that are being loaded included; those alone. */
uint32_t usm_shelf_nr(const struct usm_shelf *shelf);
uint32_t usm_shelf_nr_loading(const struct usm_shelf *shelf);

#endif /* USM_INSTANCE_PREFETCH_SHELF_H */
