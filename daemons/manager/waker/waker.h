/* SPDX-License-Identifier: MIT */
/*
 * waker.h - the thread "usmWaker" that wakes workers with faults to serve.
 *
 * It has a device descriptor of its own and shares nothing with the rest of
 * the manager, so that nothing the manager does delays a fault.
 */
#ifndef USM_MANAGER_WAKER_H
#define USM_MANAGER_WAKER_H

#include "transport.h"

struct usm_waker_thread;

/*
 * Registers with the kernel and starts the thread; it inherits the caller's
 * signal mask.  -EBUSY: there is another waker; errors of opening the device.
 */
int usm_waker_start(const struct usm_transport *transport,
		    struct usm_waker_thread **out);

/* Ends the thread and the registration; NULL is fine. */
void usm_waker_stop(struct usm_waker_thread *waker);

#endif /* USM_MANAGER_WAKER_H */
