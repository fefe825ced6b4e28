/* SPDX-License-Identifier: MIT */
#include "instance/evict/news.h"

#include "common/client.h"
#include "instance/evict/pager_parts.h"

/* Evicted pages asked for by one call. */
#define LIST_BATCH 256

static void take_notice(void *ctx, const struct usm_notice *notice)
{
	struct usm_pager *pager = ctx;
	uint32_t i;

	switch (notice->type) {
	case USM_NOTICE_DROPPED:
		usm_swap_map_give(pager->map, notice->cookie);
		break;
	case USM_NOTICE_RETAKEN:
		usm_pager_placed(pager, notice->frame, notice->member,
				 notice->addr);
		break;
	case USM_NOTICE_USED:
		for (i = 0; i < notice->pages; i++) {
			usm_stock_lose(pager->options.stock, notice->frame + i);
			usm_pager_placed(pager, notice->frame + i,
					 notice->member,
					 notice->addr + i * USM_FRAME_BYTES);
		}
		break;
	default:
		break;
	}
}

/* Notices were lost: the kernel's list says which slots are in use. */
static int compare_slots(struct usm_pager *pager)
{
	const struct usm_kernel *kernel = pager->options.kernel;
	struct usm_evicted_info info[LIST_BATCH];
	uint64_t last = 0;
	uint32_t nr, i;
	int err = usm_swap_map_begin(pager->map);

	while (!err) {
		nr = LIST_BATCH;
		err = kernel->evicted(kernel->ctx, last, info, &nr);
		if (err || !nr)
			break;
		for (i = 0; i < nr; i++)
			usm_swap_map_keep(pager->map, info[i].cookie);
		last = info[nr - 1].id;
	}
	if (!err)
		usm_swap_map_end(pager->map);
	return err;
}

void usm_news_read(struct usm_pager *pager)
{
	if (!usm_notices_pending(&pager->notices))
		return;
	/* A list that cannot be had leaks slots until the next loss. */
	if (usm_notices_read(&pager->notices, take_notice, pager))
		compare_slots(pager);
}
