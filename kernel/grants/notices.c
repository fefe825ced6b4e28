// SPDX-License-Identifier: GPL-2.0
#include "channel/channel.h"
#include "grants/notices.h"
#include "instance/instance.h"

void usm_notices_reset(struct usm_instance *instance)
{
	lockdep_assert_held(&instance->lock);
	instance->notice_head = 0;
	instance->notices_lost = 0;
}

void usm_notice_post(struct usm_instance *instance,
		     const struct usm_notice *notice)
{
	struct usm_notices *shared;
	u64 head = instance->notice_head;
	u64 tail;

	lockdep_assert_held(&instance->lock);
	if (!instance->channel)
		return;
	shared = instance->channel->notices;
	tail = READ_ONCE(shared->tail);
	/* A tail that makes no sense looks like a full ring: its own loss. */
	if (head - tail >= USM_NOTICES) {
		WRITE_ONCE(shared->lost, ++instance->notices_lost);
		return;
	}
	shared->ring[head % USM_NOTICES] = *notice;
	instance->notice_head = head + 1;
	/* Whoever sees the head sees the record. */
	smp_store_release(&shared->head, head + 1);
}
