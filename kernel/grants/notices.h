/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Notices: telling a daemon, without waiting for it, what happened without
 * asking it.  The ring is in the channel, its true head is in the instance.
 */
#ifndef USM_NOTICES_H
#define USM_NOTICES_H

#include "usm.h"

struct usm_instance;

/*
 * usm_notice_post() - append a record, or count it as lost when the ring is
 * full; nothing without a daemon.  The caller holds instance->lock.
 */
void usm_notice_post(struct usm_instance *instance,
		     const struct usm_notice *notice);

/* A new channel begins with an empty ring. The caller holds instance->lock. */
void usm_notices_reset(struct usm_instance *instance);

#endif /* USM_NOTICES_H */
