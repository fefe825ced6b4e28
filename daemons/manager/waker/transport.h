/* SPDX-License-Identifier: MIT */
/*
 * transport.h - how a sleeping worker is woken.
 */
#ifndef USM_MANAGER_TRANSPORT_H
#define USM_MANAGER_TRANSPORT_H

#include "usm.h"

struct usm_transport {
	const char *name;
	enum usm_wake_source source; /* whose count in .wakes it is */
	/*
	 * Makes the worker behind a doorbell run; .seq has been raised
	 * already.  The page belongs to a policy daemon: whatever it holds,
	 * this neither blocks nor fails.
	 */
	void (*wake)(struct usm_doorbell *bell);
};

extern const struct usm_transport usm_transport_futex;

#endif /* USM_MANAGER_TRANSPORT_H */
