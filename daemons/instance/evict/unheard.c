/* SPDX-License-Identifier: MIT */
#include "instance/evict/unheard.h"

#include <errno.h>

#include "instance/evict/pager_parts.h"
#include "instance/evict/placing.h"

/* Frame states asked for by one call: 8 KiB of stack. */
#define BATCH 256U

void usm_unheard_used(struct usm_pager *pager, uint32_t frame, uint32_t member,
		      uint64_t addr)
{
	usm_stock_lose(pager->options.stock, frame);
	usm_pager_placed(pager, frame, member, addr);
}

static void place(struct usm_pager *pager, uint32_t frame,
		  const struct usm_frame_info *info)
{
	if (info->state != USM_FRAME_MAPPED ||
	    usm_groups_has(pager->groups, frame))
		return;
	if (pager->options.ahead)
		usm_ahead_used(pager->options.ahead, frame);
	usm_unheard_used(pager, frame, info->member, info->addr);
}

int usm_unheard_place(struct usm_pager *pager)
{
	const struct usm_kernel *kernel = pager->options.kernel;
	struct usm_frame_info info[BATCH];
	uint32_t at, nr, i;

	for (at = 0; at < pager->options.pool_frames; at += nr) {
		uint32_t left = pager->options.pool_frames - at;
		int err;

		nr = left < BATCH ? left : BATCH;
		err = kernel->frames(kernel->ctx, at, info, &nr);
		if (!err && !nr)
			err = -EIO;
		if (err)
			return err;
		for (i = 0; i < nr; i++)
			place(pager, at + i, &info[i]);
	}
	return 0;
}
