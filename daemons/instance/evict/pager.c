/* SPDX-License-Identifier: MIT */
#include "instance/evict/pager.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/evict/news.h"
#include "instance/evict/pager_parts.h"
#include "instance/evict/placing.h"
#include "instance/evict/reserve.h"
#include "instance/evict/way_out.h"
#include "instance/worker/stock_refill.h"

/* Batches that may fail (pages shared, pinned, busy) before a fault waits. */
#define RECLAIM_BATCHES 8

/* When nothing can be evicted: the pauses between tries. */
#define RETRY_MIN_NS 500000ULL
#define RETRY_MAX_NS 16000000ULL

int usm_pager_create(const struct usm_pager_options *options,
		     struct usm_pager **out)
{
	struct usm_pager *pager = calloc(1, sizeof(*pager));
	int err;

	if (!pager)
		return -ENOMEM;
	pager->options = *options;
	pager->waits = (struct usm_pager_waits){
		.ctx = options->device->ctx,
		.load = options->device->load,
	};
	pager->notices.ring = options->notices;
	usm_backoff_init(&pager->retry, RETRY_MIN_NS, RETRY_MAX_NS);
	err = usm_groups_create(options->policy, options->pool_frames,
				&pager->groups);
	if (!err)
		err = usm_swap_map_create(options->device->nr_slots,
					  &pager->map);
	if (!err)
		err = usm_prefetcher_create(pager->map, &pager->prefetcher);
	if (!err)
		err = usm_accessed_init(&pager->accessed, options->pool_frames);
	if (!err)
		err = usm_bitmap_init(&pager->leaving, options->pool_frames);
	if (!err)
		err = usm_storing_init(&pager->storing, options->pool_frames,
				       options->device->nr_slots);
	if (err) {
		usm_pager_destroy(pager);
		return err;
	}
	usm_swap_map_watch(pager->map, options->device->drop,
			   options->device->ctx);
	usm_stock_watch(options->stock, usm_pager_left, pager);
	*out = pager;
	return 0;
}

void usm_pager_destroy(struct usm_pager *pager)
{
	if (!pager)
		return;
	usm_storing_fini(&pager->storing);
	usm_bitmap_fini(&pager->leaving);
	usm_accessed_fini(&pager->accessed);
	usm_prefetcher_destroy(pager->prefetcher);
	usm_swap_map_destroy(pager->map);
	usm_groups_destroy(pager->groups);
	free(pager);
}

/* Tells the others how things stand. */
static void publish(const struct usm_pager *pager)
{
	if (pager->relay)
		usm_relay_set(pager->relay, pager->options.marks.low,
			      usm_pager_keep(pager), usm_pager_hopeful(pager));
}

void usm_pager_listen(struct usm_pager *pager, struct usm_relay *relay)
{
	pager->relay = relay;
	publish(pager);
}

/* What the kernel says of a frame is said before its owner has it back. */
static void listen(struct usm_pager *pager)
{
	usm_news_read(pager);
	if (pager->relay)
		usm_relay_drain(pager->relay, usm_pager_heard, pager);
}

uint32_t usm_pager_keep(const struct usm_pager *pager)
{
	return usm_reserve_keep(pager->options.reserve,
				usm_swap_map_room(pager->map) -
					usm_swap_map_used(pager->map),
				pager->options.device->refuses);
}

bool usm_pager_hopeful(const struct usm_pager *pager)
{
	return pager->outgoing.nr || pager->storing.nr_pages ||
	       usm_swap_map_used(pager->map) < usm_swap_map_room(pager->map);
}

/* Is anything under way that will end by itself? */
static bool is_storing(const struct usm_pager *pager)
{
	return pager->storing.nr_pages && !pager->storing.nr_failed;
}

uint32_t usm_pager_reclaim(struct usm_pager *pager)
{
	uint32_t won = usm_way_out_reap(pager);
	uint64_t now = usm_now_ns();
	int i;

	/* Or frames are about to be won. */
	if (won || is_storing(pager) || !usm_backoff_due(&pager->retry, now))
		return won;
	listen(pager);
	for (i = 0; i < RECLAIM_BATCHES && !won && !is_storing(pager); i++) {
		if (i && pager->waits.checkpoint)
			pager->waits.checkpoint(pager->waits.ctx);
		won = usm_way_out_batch(pager, false);
	}
	usm_backoff_result(&pager->retry, now, won || is_storing(pager));
	publish(pager);
	return won;
}

/* Free frames, and those that are as good as free. */
static uint32_t nr_free(const struct usm_pager *pager)
{
	return usm_stock_nr_all(pager->options.stock) + pager->storing.nr_pages;
}

/* Is there something to go, or left to be stored? */
static bool has_work(struct usm_pager *pager, bool leaving)
{
	/* Others found nothing, which may be so above the low mark, too. */
	if (pager->relay && usm_relay_take_wanted(pager->relay))
		pager->evicting = true;
	pager->evicting = usm_watermarks_evict(&pager->options.marks,
					       nr_free(pager), pager->evicting);
	return pager->evicting || pager->outgoing.nr ||
	       pager->storing.nr_failed || leaving;
}

bool usm_pager_work(struct usm_pager *pager)
{
	bool leaving = usm_way_out_any_leaving(pager), more;
	uint32_t won, under_way;
	uint64_t now;

	listen(pager);
	won = usm_way_out_reap(pager);
	usm_prefetcher_work(pager->prefetcher);
	usm_stock_refresh(pager->options.stock);
	if (!has_work(pager, leaving)) {
		publish(pager);
		return won;
	}
	now = usm_now_ns();
	if (!usm_backoff_due(&pager->retry, now))
		return won;
	under_way = pager->storing.nr_pages;
	won += usm_way_out_batch(pager, leaving);
	/* One after the other is to leave, as long as there is where to. */
	more = won || pager->storing.nr_pages > under_way ||
	       (leaving && pager->chosen);
	/* With as much under way as may be, its end is waited for. */
	if (more || !is_storing(pager))
		usm_backoff_result(&pager->retry, now, more);
	publish(pager);
	return more;
}

int usm_pager_adopt(struct usm_pager *pager,
		    const struct usm_evicted_info *info)
{
	int err = usm_swap_map_adopt(pager->map, info->cookie);

	if (!err && info->frame == USM_FRAME_NONE)
		usm_prefetcher_stored(pager->prefetcher, info->cookie,
				      info->member, info->addr);
	if (err || info->frame == USM_FRAME_NONE)
		return err;
	if (pager->outgoing.nr == USM_OUTGOING_MAX)
		return -ENOSPC;
	usm_outgoing_add(&pager->outgoing, info->frame, info->cookie);
	err = usm_way_out_store(pager);
	/* Full, as it was for a predecessor: the page stays where it is. */
	return err == -ENOSPC ? 0 : err;
}

void usm_pager_adopted(struct usm_pager *pager)
{
	usm_swap_map_drop_unused(pager->map);
}

void usm_pager_resized(struct usm_pager *pager,
		       const struct usm_watermarks *marks, uint32_t reserve)
{
	pager->options.marks = *marks;
	pager->options.reserve = reserve;
	publish(pager);
	while (usm_way_out_any_leaving(pager))
		usm_bitmap_clear(&pager->leaving,
				 usm_bitmap_first(&pager->leaving));
}

void usm_pager_vacate(struct usm_pager *pager, uint32_t frame)
{
	usm_bitmap_set(&pager->leaving, frame);
}

bool usm_pager_vacating(const struct usm_pager *pager)
{
	return usm_way_out_any_leaving(pager);
}

uint32_t usm_pager_out(const struct usm_pager *pager)
{
	return usm_swap_map_used(pager->map);
}

uint32_t usm_pager_nr_frames(const struct usm_pager *pager)
{
	return pager->options.pool_frames;
}

void usm_pager_read_news(struct usm_pager *pager)
{
	usm_news_read(pager);
}
