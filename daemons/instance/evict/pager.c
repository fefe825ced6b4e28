/* SPDX-License-Identifier: MIT */
#include "instance/evict/pager.h"

#include <errno.h>
#include <stdlib.h>

#include "common/client.h"
#include "instance/arena/bitmap.h"
#include "instance/evict/accessed.h"
#include "instance/evict/choose.h"
#include "instance/evict/outgoing.h"
#include "instance/policies/evict/checked.h"
#include "instance/swap/map.h"
#include "instance/worker/backoff.h"
#include "instance/worker/notices.h"

/* Batches that may fail (pages shared, pinned, busy) before a fault waits. */
#define RECLAIM_BATCHES 8

/* When nothing can be evicted: the pauses between tries. */
#define RETRY_MIN_NS 500000ULL
#define RETRY_MAX_NS 16000000ULL

/* Evicted pages asked for by one call. */
#define LIST_BATCH 256

_Static_assert(USM_CHOOSE_LOOK <= USM_ACCESSED_LOOK, "asked for at once");

struct usm_pager {
	struct usm_pager_options options;
	struct usm_checked_evict *policy;
	struct usm_swap_map *map;
	struct usm_accessed accessed;
	struct usm_outgoing outgoing;
	struct usm_notice_reader notices;
	struct usm_backoff retry;
	struct usm_bitmap leaving; /* frames whose pages must go */
	struct usm_pager_waits waits;
	uint32_t nr_loading;
	uint32_t loading[USM_SLOTS_MAX]; /* slots of the device, in no order */
	uint32_t won; /* by the batch under way */
	bool evicting; /* between the watermarks: on the way up */
};

static void removed(void *ctx, uint32_t frame)
{
	struct usm_pager *pager = ctx;

	usm_checked_evict_removed(pager->policy, frame);
}

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
	err = usm_checked_evict_create(options->policy, NULL,
				       options->pool_frames, &pager->policy,
				       NULL);
	if (!err)
		err = usm_swap_map_create(options->device->nr_slots,
					  &pager->map);
	if (!err)
		err = usm_accessed_init(&pager->accessed, options->pool_frames);
	if (!err)
		err = usm_bitmap_init(&pager->leaving, options->pool_frames);
	if (err) {
		usm_pager_destroy(pager);
		return err;
	}
	usm_swap_map_watch(pager->map, options->device->drop,
			   options->device->ctx);
	usm_stock_watch(options->stock, removed, pager);
	*out = pager;
	return 0;
}

void usm_pager_destroy(struct usm_pager *pager)
{
	if (!pager)
		return;
	usm_bitmap_fini(&pager->leaving);
	usm_accessed_fini(&pager->accessed);
	usm_swap_map_destroy(pager->map);
	usm_checked_evict_destroy(pager->policy);
	free(pager);
}

/* The page that was last seen in the frame is there, or still there. */
static void tell_placed(const struct usm_pager *pager,
			struct usm_checked_evict *policy, uint32_t frame)
{
	const struct usm_place *place = &pager->accessed.place[frame];

	usm_checked_evict_placed(policy, frame,
				 usm_page_id(place->member, place->addr));
}

int usm_pager_prepare_policy(const struct usm_pager *pager,
			     const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_checked_evict **out,
			     struct usm_failure *failure)
{
	struct usm_checked_evict *fresh = NULL;
	uint32_t frame;
	int err = usm_checked_evict_create(
		policy, settings, pager->options.pool_frames, &fresh, failure);

	if (err)
		return err;
	for (frame = 0; frame < pager->options.pool_frames; frame++)
		if (usm_checked_evict_has(pager->policy, frame))
			tell_placed(pager, fresh, frame);
	*out = fresh;
	return 0;
}

void usm_pager_adopt_policy(struct usm_pager *pager,
			    struct usm_checked_evict *policy)
{
	usm_checked_evict_destroy(pager->policy);
	pager->policy = policy;
}

int usm_pager_replace_policy(struct usm_pager *pager,
			     const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_failure *failure)
{
	struct usm_checked_evict *fresh = NULL;
	int err = usm_pager_prepare_policy(pager, policy, settings, &fresh,
					   failure);

	if (!err)
		usm_pager_adopt_policy(pager, fresh);
	return err;
}

void usm_pager_placed(struct usm_pager *pager, uint32_t frame, uint32_t member,
		      uint64_t addr)
{
	/* Frames that are nobody's cannot be evicted. */
	if (!member || frame >= pager->options.pool_frames)
		return;
	usm_accessed_place(&pager->accessed, frame, member, addr);
	tell_placed(pager, pager->policy, frame);
}

/* ---- out ------------------------------------------------------------------ */

static void accessed(void *ctx, uint32_t frame)
{
	struct usm_pager *pager = ctx;

	usm_checked_evict_accessed(pager->policy, frame);
}

static void look(void *ctx, const uint32_t *frames, uint32_t nr)
{
	struct usm_pager *pager = ctx;

	usm_accessed_look(&pager->accessed, pager->options.kernel, frames, nr,
			  accessed, pager);
}

static bool any_leaving(const struct usm_pager *pager)
{
	return usm_bitmap_first(&pager->leaving) != USM_BITMAP_NONE;
}

/* One that cannot go now is left to the kernel, or to its turn. */
static uint32_t choose_leaving(struct usm_pager *pager, uint32_t *victims,
			       uint32_t nr)
{
	uint32_t chosen;

	for (chosen = 0; chosen < nr && any_leaving(pager); chosen++) {
		victims[chosen] = usm_bitmap_first(&pager->leaving);
		usm_bitmap_clear(&pager->leaving, victims[chosen]);
		usm_checked_evict_removed(pager->policy, victims[chosen]);
	}
	return chosen;
}

/* Not evicted after all: it is as it was. */
static void keep(struct usm_pager *pager, uint32_t frame, uint64_t cookie)
{
	usm_swap_map_give(pager->map, cookie);
	tell_placed(pager, pager->policy, frame);
}

static bool is_loading(const struct usm_pager *pager, uint64_t cookie)
{
	uint32_t i;

	for (i = 0; i < pager->nr_loading; i++)
		if (pager->loading[i] == usm_swap_slot(cookie))
			return true;
	return false;
}

/*
 * Cookies for nr pages; returns how many were to be had.  A slot that is still
 * being read, for somebody who was overtaken, is not stored to.
 */
static uint32_t take_cookies(struct usm_pager *pager, uint64_t *cookies,
			     uint32_t nr)
{
	uint64_t passed[USM_OUTGOING_MAX];
	uint32_t nr_passed = 0, taken = 0;

	while (taken < nr && nr_passed < USM_OUTGOING_MAX) {
		uint64_t cookie = usm_swap_map_take(pager->map);

		if (!cookie)
			break;
		if (is_loading(pager, cookie))
			passed[nr_passed++] = cookie;
		else
			cookies[taken++] = cookie;
	}
	while (nr_passed)
		usm_swap_map_give(pager->map, passed[--nr_passed]);
	return taken;
}

/* Has the kernel take a batch of pages away. */
static void evict(struct usm_pager *pager, bool leaving)
{
	const struct usm_kernel *kernel = pager->options.kernel;
	struct usm_evict_entry entries[USM_OUTGOING_MAX] = { 0 };
	uint64_t cookies[USM_OUTGOING_MAX];
	uint32_t victims[USM_OUTGOING_MAX];
	uint32_t taken = take_cookies(pager, cookies, USM_OUTGOING_MAX), nr, i;
	int err;

	nr = leaving ? choose_leaving(pager, victims, taken)
		     : usm_choose(pager->policy, look, pager, victims, taken);
	while (taken > nr)
		usm_swap_map_give(pager->map, cookies[--taken]);
	for (i = 0; i < nr; i++) {
		entries[i].frame = victims[i];
		entries[i].cookie = cookies[i];
	}
	if (!nr)
		return;
	err = kernel->evict(kernel->ctx, entries, nr);
	for (i = 0; i < nr; i++) {
		if (err || entries[i].result)
			keep(pager, victims[i], entries[i].cookie);
		else
			usm_outgoing_add(&pager->outgoing, entries[i].frame,
					 entries[i].cookie);
	}
}

static void stored(void *ctx, uint32_t frame, uint64_t cookie, bool freed)
{
	struct usm_pager *pager = ctx;

	if (freed) {
		usm_stock_give(pager->options.stock, frame);
		pager->won++;
	} else {
		/*
		 * Touched meanwhile, or its page is gone and it comes home;
		 * a notice gives the slot back either way, or did so before
		 * the page was stored.
		 */
		usm_swap_map_settle(pager->map, cookie);
		tell_placed(pager, pager->policy, frame);
	}
}

static int store(struct usm_pager *pager)
{
	return usm_outgoing_store(&pager->outgoing, pager->options.device,
				  pager->options.kernel, pager->options.pool,
				  stored, pager);
}

/* One batch out.  What could not be stored before goes first. */
static uint32_t batch(struct usm_pager *pager, bool leaving)
{
	pager->won = 0;
	if (!pager->outgoing.nr)
		evict(pager, leaving);
	if (pager->outgoing.nr)
		store(pager);
	return pager->won;
}

/* ---- what the kernel says --------------------------------------------------- */

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

static void read_notices(struct usm_pager *pager)
{
	if (!usm_notices_pending(&pager->notices))
		return;
	/* A list that cannot be had leaks slots until the next loss. */
	if (usm_notices_read(&pager->notices, take_notice, pager))
		compare_slots(pager);
}

/* ---- in --------------------------------------------------------------------- */

void usm_pager_wait_by(struct usm_pager *pager,
		       const struct usm_pager_waits *waits)
{
	pager->waits = *waits;
}

const struct usm_swap_device *usm_pager_device(const struct usm_pager *pager)
{
	return pager->options.device;
}

int usm_pager_fill(struct usm_pager *pager, uint64_t cookie, uint32_t frame)
{
	uint32_t slot = usm_swap_slot(cookie), i;
	int err;

	/*
	 * A thread that was overtaken by another one on the same page: it is
	 * back already, this frame will not be used.  Something that is no
	 * page at all goes in, so that a mistake would not go unnoticed.
	 */
	if (!usm_swap_map_holds(pager->map, cookie))
		slot = 0;
	pager->loading[pager->nr_loading++] = slot;
	err = pager->waits.load(pager->waits.ctx, slot,
				pager->options.pool +
					((uint64_t)frame << USM_FRAME_SHIFT));
	for (i = 0; pager->loading[i] != slot; i++)
		;
	pager->loading[i] = pager->loading[--pager->nr_loading];
	return err;
}

/* ---- when ------------------------------------------------------------------- */

bool usm_pager_hopeful(const struct usm_pager *pager)
{
	return pager->outgoing.nr ||
	       usm_swap_map_used(pager->map) < usm_swap_map_room(pager->map);
}

uint32_t usm_pager_reclaim(struct usm_pager *pager)
{
	uint64_t now = usm_now_ns();
	uint32_t won = 0;
	int i;

	if (!usm_backoff_due(&pager->retry, now))
		return 0;
	read_notices(pager);
	for (i = 0; i < RECLAIM_BATCHES && !won; i++) {
		if (i && pager->waits.checkpoint)
			pager->waits.checkpoint(pager->waits.ctx);
		won = batch(pager, false);
	}
	usm_backoff_result(&pager->retry, now, won);
	return won;
}

bool usm_pager_work(struct usm_pager *pager)
{
	bool leaving = any_leaving(pager);
	uint64_t now;
	uint32_t won;

	read_notices(pager);
	usm_stock_refresh(pager->options.stock);
	pager->evicting = usm_watermarks_evict(
		&pager->options.marks, usm_stock_nr(pager->options.stock),
		pager->evicting);
	if (!pager->evicting && !pager->outgoing.nr && !leaving)
		return false;
	now = usm_now_ns();
	if (!usm_backoff_due(&pager->retry, now))
		return false;
	won = batch(pager, leaving);
	usm_backoff_result(&pager->retry, now, won || leaving);
	return won || leaving;
}

/* ---- taking over ------------------------------------------------------------ */

int usm_pager_adopt(struct usm_pager *pager,
		    const struct usm_evicted_info *info)
{
	int err = usm_swap_map_adopt(pager->map, info->cookie);

	if (err || info->frame == USM_FRAME_NONE)
		return err;
	usm_outgoing_add(&pager->outgoing, info->frame, info->cookie);
	return store(pager);
}

void usm_pager_adopted(struct usm_pager *pager)
{
	usm_swap_map_drop_unused(pager->map);
}

void usm_pager_resized(struct usm_pager *pager,
		       const struct usm_watermarks *marks)
{
	pager->options.marks = *marks;
	while (any_leaving(pager))
		usm_bitmap_clear(&pager->leaving,
				 usm_bitmap_first(&pager->leaving));
}

void usm_pager_member_new(struct usm_pager *pager,
			  const struct usm_process *process)
{
	usm_checked_evict_process_new(pager->policy, process);
}

void usm_pager_member_gone(struct usm_pager *pager, uint32_t member)
{
	usm_checked_evict_process_exit(pager->policy, member);
}

void usm_pager_vacate(struct usm_pager *pager, uint32_t frame)
{
	usm_bitmap_set(&pager->leaving, frame);
}

uint32_t usm_pager_out(const struct usm_pager *pager)
{
	return usm_swap_map_used(pager->map);
}

uint32_t usm_pager_stats(const struct usm_pager *pager,
			 struct usm_policy_stat *stats, uint32_t nr)
{
	return usm_checked_evict_stats(pager->policy, stats, nr);
}

const char *usm_pager_policy_name(const struct usm_pager *pager)
{
	return usm_checked_evict_name(pager->policy);
}
