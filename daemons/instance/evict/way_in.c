/* SPDX-License-Identifier: MIT */
#include "instance/evict/way_in.h"

#include <errno.h>

#include "common/frame_size.h"
#include "instance/evict/pager_parts.h"

void usm_pager_wait_by(struct usm_pager *pager,
		       const struct usm_pager_waits *waits)
{
	const struct usm_prefetcher_io io = {
		.ctx = waits->ctx,
		.begin = waits->begin,
		.join = waits->join,
	};

	pager->waits = *waits;
	usm_prefetcher_read_by(pager->prefetcher, &io);
}

struct usm_prefetcher *usm_pager_prefetcher(const struct usm_pager *pager)
{
	return pager->prefetcher;
}

const struct usm_swap_device *usm_pager_device(const struct usm_pager *pager)
{
	return pager->options.device;
}

int usm_pager_fill(struct usm_pager *pager, uint64_t cookie, uint32_t frame)
{
	char *page = pager->options.pool + ((uint64_t)frame << USM_FRAME_SHIFT);
	uint32_t slot = usm_swap_slot(cookie), i;
	int err = -ENOENT;

	if (usm_swap_map_holds(pager->map, cookie))
		err = usm_prefetcher_fill(pager->prefetcher, cookie, page);
	if (err != -ENOENT)
		return err;
	/*
	 * A thread that was overtaken by another one on the same page: it is
	 * back already, this frame will not be used.  Something that is no
	 * page at all goes in, so that a mistake would not go unnoticed.
	 */
	if (!usm_swap_map_holds(pager->map, cookie))
		slot = 0;
	pager->loading[pager->nr_loading++] = slot;
	err = pager->waits.load(pager->waits.ctx, slot, page);
	for (i = 0; pager->loading[i] != slot; i++)
		;
	pager->loading[i] = pager->loading[--pager->nr_loading];
	return err;
}

bool usm_way_in_is_loading(const struct usm_pager *pager, uint32_t slot)
{
	uint32_t i;

	for (i = 0; i < pager->nr_loading; i++)
		if (pager->loading[i] == slot)
			return true;
	return usm_prefetcher_is_loading(pager->prefetcher, slot);
}
