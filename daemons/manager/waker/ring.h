/* SPDX-License-Identifier: MIT */
/*
 * ring.h - waking the workers of one instance through its doorbell page.
 */
#ifndef USM_MANAGER_RING_H
#define USM_MANAGER_RING_H

#include "transport.h"

/*
 * Wakes every worker of the page that sleeps; returns how many.  The page is
 * shared with a policy daemon that may write anything at any time: each word
 * is read once, loops are bounded by USM_WORKERS_MAX.
 */
unsigned int usm_ring(struct usm_channel *page,
		      const struct usm_transport *transport);

#endif /* USM_MANAGER_RING_H */
