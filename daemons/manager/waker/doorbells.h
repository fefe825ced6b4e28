/* SPDX-License-Identifier: MIT */
/*
 * doorbells.h - the doorbell pages of all instances, mapped once each.
 */
#ifndef USM_MANAGER_DOORBELLS_H
#define USM_MANAGER_DOORBELLS_H

#include <stdint.h>

#include "usm.h"

struct usm_doorbells;

/* device_fd stays the caller's and must outlive the cache.  -ENOMEM. */
int usm_doorbells_new(int device_fd, struct usm_doorbells **out);

/* Unmaps everything; NULL is fine. */
void usm_doorbells_free(struct usm_doorbells *doorbells);

/*
 * The page of an instance, owned by the cache and valid until the next call.
 * Every daemon gets a channel of its own, so the kernel is asked whose it is
 * and a page of an earlier daemon is mapped anew.  -ENOENT: no daemon.
 */
int usm_doorbells_get(struct usm_doorbells *doorbells, uint32_t instance,
		      struct usm_channel **page);

#endif /* USM_MANAGER_DOORBELLS_H */
