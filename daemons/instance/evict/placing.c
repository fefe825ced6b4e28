/* SPDX-License-Identifier: MIT */
#include "instance/evict/placing.h"

#include "instance/evict/pager_parts.h"

void usm_pager_left(void *ctx, uint32_t frame)
{
	struct usm_pager *pager = ctx;

	usm_groups_removed(pager->groups, frame);
}

void usm_pager_heard(void *ctx, uint32_t frame, uint32_t member, uint64_t addr)
{
	struct usm_pager *pager = ctx;

	if (!member) {
		usm_pager_left(pager, frame);
		return;
	}
	usm_accessed_place(&pager->accessed, frame, member, addr);
	usm_pager_tell_placed(pager, frame);
}

void usm_pager_placed(struct usm_pager *pager, uint32_t frame, uint32_t member,
		      uint64_t addr)
{
	/* Frames that are nobody's cannot be evicted. */
	if (!member || frame >= pager->options.pool_frames)
		return;
	if (pager->relay)
		usm_relay_placed(pager->relay, frame, member, addr);
	else
		usm_pager_heard(pager, frame, member, addr);
}
