// SPDX-License-Identifier: GPL-2.0
#include <linux/pid_namespace.h>

#include "channel/channel.h"
#include "instance/instance.h"
#include "tags/tags.h"

static void queue(struct usm_instance *instance, struct usm_event event)
{
	if (kfifo_is_full(&instance->events))
		instance->events_lost = true;
	else
		kfifo_put(&instance->events, event);
	wake_up_interruptible(&instance->event_wait);
}

void usm_event_emit(struct usm_instance *instance, u32 type,
		    struct usm_tag *tag, u32 parent)
{
	struct usm_event event = {
		.type = type,
		.member = tag->member,
		.parent = parent,
		.start_time_ns = tag->start_time_ns,
		.mm_id = tag->member,
	};

	lockdep_assert_held(&instance->lock);
	/* Without a daemon nobody reads; the next one asks for the members. */
	if (!instance->channel)
		return;
	event.pid = pid_nr_ns(tag->pid, instance->channel->ns);
	memcpy(event.comm, tag->comm, sizeof(event.comm));
	queue(instance, event);
}

void usm_event_emit_plain(struct usm_instance *instance, u32 type)
{
	lockdep_assert_held(&instance->lock);
	if (instance->channel)
		queue(instance, (struct usm_event){ .type = type });
}
