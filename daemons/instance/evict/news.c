/* SPDX-License-Identifier: MIT */
#include "instance/evict/news.h"

#include "common/frame_size.h"
#include "instance/evict/pager_parts.h"
#include "instance/evict/placing.h"
#include "instance/evict/unheard.h"

/* Evicted pages asked for by one call. */
#define LIST_BATCH 256

/*
 * A frame may be used, freed and back in stock before the notice of its use is
 * read.  One that was given ahead and has not come back is in use; of others
 * only the kernel knows.
 */
static bool is_news(const struct usm_pager *pager, uint32_t frame)
{
	const struct usm_kernel *kernel = pager->options.kernel;
	struct usm_frame_info info;
	uint32_t nr = 1;

	if (pager->options.ahead && usm_ahead_used(pager->options.ahead, frame))
		return true;
	return !kernel->frames(kernel->ctx, frame, &info, &nr) && nr == 1 &&
	       info.state == USM_FRAME_MAPPED;
}

static void take_notice(void *ctx, const struct usm_notice *notice)
{
	struct usm_pager *pager = ctx;
	uint32_t i;

	if (pager->options.ahead)
		usm_ahead_notice(pager->options.ahead, notice);
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
			if (!is_news(pager, notice->frame + i))
				continue;
			usm_unheard_used(pager, notice->frame + i,
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
	/* What cannot be had leaks slots, or pages, until the next loss. */
	if (usm_notices_read(&pager->notices, take_notice, pager)) {
		compare_slots(pager);
		usm_unheard_place(pager);
	}
}
