/* SPDX-License-Identifier: MIT */
/*
 * channel_view.h - the parts of a channel: pointers into the mapped one, or
 * into plain memory in tests.
 */
#ifndef USM_INSTANCE_WORKER_CHANNEL_VIEW_H
#define USM_INSTANCE_WORKER_CHANNEL_VIEW_H

#include <stdint.h>

#include "usm.h"

struct usm_channel_view {
	struct usm_bitfield *pfq;
	struct usm_slot *slots;
	uint32_t nr_slots; /* a multiple of 64 */
	struct usm_notices *notices;
};

/*
 * Finds the parts of a mapped channel.  EPROTO: another ABI, or an offset that
 * does not lie inside channel_bytes.
 */
int usm_channel_view(struct usm_channel *channel, uint64_t channel_bytes,
		     struct usm_channel_view *out);

#endif /* USM_INSTANCE_WORKER_CHANNEL_VIEW_H */
