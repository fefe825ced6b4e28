/* SPDX-License-Identifier: MIT */
#include "instance/worker/channel_view.h"

#include <errno.h>
#include <stdbool.h>

/* Of a word of PFQ, which is one slot's each. */
#define WORD_BITS 64

static bool inside(uint64_t offset, uint64_t bytes, uint64_t limit)
{
	return offset <= limit && bytes <= limit - offset;
}

int usm_channel_view(struct usm_channel *channel, uint64_t channel_bytes,
		     struct usm_channel_view *out)
{
	char *base = (char *)channel;
	uint32_t nr_slots;

	if (channel_bytes < sizeof(*channel) || channel->abi != USM_ABI_VERSION)
		return -EPROTO;
	nr_slots = channel->nr_slots;
	if (nr_slots < USM_SLOTS_MIN || nr_slots > USM_SLOTS_MAX ||
	    nr_slots % WORD_BITS)
		return -EPROTO;
	if (!inside(channel->pfq_offset, sizeof(struct usm_bitfield),
		    channel_bytes) ||
	    !inside(channel->slots_offset,
		    (uint64_t)nr_slots * sizeof(struct usm_slot),
		    channel_bytes) ||
	    !inside(channel->notices_offset, sizeof(struct usm_notices),
		    channel_bytes) ||
	    channel->nr_notices != USM_NOTICES)
		return -EPROTO;
	out->notices = (struct usm_notices *)(base + channel->notices_offset);
	out->pfq = (struct usm_bitfield *)(base + channel->pfq_offset);
	out->slots = (struct usm_slot *)(base + channel->slots_offset);
	out->nr_slots = nr_slots;
	return 0;
}
