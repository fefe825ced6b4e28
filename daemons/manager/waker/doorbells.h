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
 * Every daemon gets a channel of its own; one that the kernel closed is mapped
 * anew.  -ENODEV: no such instance, or no daemon.
 */
int usm_doorbells_get(struct usm_doorbells *doorbells, uint32_t instance,
		      struct usm_channel **page);

#endif /* USM_MANAGER_DOORBELLS_H */
