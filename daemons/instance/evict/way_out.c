/* SPDX-License-Identifier: MIT */
#include "instance/evict/way_out.h"

#include <errno.h>

#include "instance/evict/pager_parts.h"
#include "instance/evict/way_in.h"

_Static_assert(USM_CHOOSE_LOOK <= USM_ACCESSED_LOOK, "asked for at once");

/*
 * Busy slots that are passed over for a free one: all that are being stored, or
 * read ahead.
 */
#define PASSED_MAX \
	(USM_STORING_PAGES + USM_OUTGOING_MAX + USM_PREFETCH_LOADS_MAX)

static void accessed(void *ctx, uint32_t frame)
{
	struct usm_pager *pager = ctx;

	usm_groups_accessed(pager->groups, frame);
}

static void look(void *ctx, const uint32_t *frames, uint32_t nr)
{
	struct usm_pager *pager = ctx;

	usm_accessed_look(&pager->accessed, pager->options.kernel, frames, nr,
			  accessed, pager);
}

bool usm_way_out_any_leaving(const struct usm_pager *pager)
{
	return usm_bitmap_first(&pager->leaving) != USM_BITMAP_NONE;
}

/* One that cannot go now is left to the kernel, or to its turn. */
static uint32_t choose_leaving(struct usm_pager *pager, uint32_t *victims,
			       uint32_t nr)
{
	uint32_t chosen;

	for (chosen = 0; chosen < nr && usm_way_out_any_leaving(pager);
	     chosen++) {
		victims[chosen] = usm_bitmap_first(&pager->leaving);
		usm_bitmap_clear(&pager->leaving, victims[chosen]);
		usm_groups_removed(pager->groups, victims[chosen]);
	}
	return chosen;
}

/* Not evicted after all: it is as it was. */
static void keep(struct usm_pager *pager, uint32_t frame, uint64_t cookie)
{
	const struct usm_place *place = &pager->accessed.place[frame];

	usm_swap_map_give(pager->map, cookie);
	usm_groups_refused(pager->groups, frame, place->member, place->addr);
}

/*
 * Somebody who was overtaken still reads the slot, or it is being written for a
 * page that was touched meanwhile.
 */
static bool is_busy(const struct usm_pager *pager, uint32_t slot)
{
	return usm_way_in_is_loading(pager, slot) ||
	       usm_storing_has_slot(&pager->storing, slot);
}

/* Cookies for nr pages; returns how many were to be had. */
static uint32_t take_cookies(struct usm_pager *pager, uint64_t *cookies,
			     uint32_t nr)
{
	uint64_t passed[PASSED_MAX];
	uint32_t nr_passed = 0, taken = 0;

	while (taken < nr && nr_passed < PASSED_MAX) {
		uint64_t cookie = usm_swap_map_take(pager->map);

		if (!cookie)
			break;
		if (is_busy(pager, usm_swap_slot(cookie)))
			passed[nr_passed++] = cookie;
		else
			cookies[taken++] = cookie;
	}
	while (nr_passed)
		usm_swap_map_give(pager->map, passed[--nr_passed]);
	return taken;
}

/*
 * Those whose last page is still being stored, and was taken back, stay; how
 * many are left.
 */
static uint32_t spare(struct usm_pager *pager, uint32_t *victims, uint32_t nr)
{
	uint32_t left = 0, i;

	for (i = 0; i < nr; i++) {
		if (usm_storing_has_frame(&pager->storing, victims[i]))
			usm_pager_tell_placed(pager, victims[i]);
		else
			victims[left++] = victims[i];
	}
	return left;
}

/*
 * Came what was in it home when the frame was to leave the partition?  Then
 * nobody told of it, and it would be chosen again and again.
 */
static bool has_left(const struct usm_pager *pager, uint32_t frame)
{
	const struct usm_kernel *kernel = pager->options.kernel;
	struct usm_frame_info info;
	uint32_t nr = 1;

	return !kernel->frames(kernel->ctx, frame, &info, &nr) && nr &&
	       info.state == USM_FRAME_POOL;
}

/* The kernel knows best where it was: pages move. */
static void go(struct usm_pager *pager, const struct usm_evict_entry *entry)
{
	usm_accessed_place(&pager->accessed, entry->frame, entry->member,
			   entry->addr);
	usm_outgoing_add(&pager->outgoing, entry->frame, entry->cookie);
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
		     : usm_groups_choose(pager->groups, look, pager, victims,
					 taken);
	pager->chosen = nr;
	nr = spare(pager, victims, nr);
	while (taken > nr)
		usm_swap_map_give(pager->map, cookies[--taken]);
	for (i = 0; i < nr; i++) {
		entries[i].frame = victims[i];
		entries[i].cookie = cookies[i];
	}
	if (!nr)
		return;
	if (pager->options.ahead)
		usm_ahead_evicting(pager->options.ahead, victims, nr);
	err = kernel->evict(kernel->ctx, entries, nr);
	for (i = 0; i < nr; i++) {
		if (!err && !entries[i].result)
			go(pager, &entries[i]);
		else if (!err && entries[i].result == -ENOENT &&
			 has_left(pager, victims[i]))
			usm_swap_map_give(pager->map, entries[i].cookie);
		else
			keep(pager, victims[i], entries[i].cookie);
	}
}

static void stored(void *ctx, uint32_t frame, uint64_t cookie, bool freed)
{
	struct usm_pager *pager = ctx;

	if (freed) {
		const struct usm_place *place = &pager->accessed.place[frame];

		usm_prefetcher_stored(pager->prefetcher, cookie, place->member,
				      place->addr);
		usm_stock_give(pager->options.stock, frame);
		pager->won++;
	} else {
		/*
		 * Touched meanwhile, or its page is gone and it comes home;
		 * a notice gives the slot back either way, or did so before
		 * the page was stored.
		 */
		usm_swap_map_settle(pager->map, cookie);
		usm_pager_tell_placed(pager, frame);
	}
}

int usm_way_out_store(struct usm_pager *pager)
{
	return usm_outgoing_store(&pager->outgoing, pager->options.device,
				  pager->options.kernel, pager->options.pool,
				  stored, pager);
}

bool usm_way_out_stores_aside(const struct usm_pager *pager)
{
	return pager->waits.announced && pager->options.device->store_begin;
}

uint32_t usm_way_out_reap(struct usm_pager *pager)
{
	pager->won = 0;
	if (pager->storing.nr_pages)
		usm_storing_reap(&pager->storing, pager->options.device,
				 pager->options.kernel, stored, pager);
	return pager->won;
}

/* What is left over is tried again: aside, or, when that failed, here. */
static void store_aside(struct usm_pager *pager)
{
	int err = usm_storing_begin(&pager->storing, &pager->outgoing,
				    pager->options.device, pager->options.pool);

	pager->wary = err && err != -EAGAIN;
}

/* What could not be stored before goes first. */
uint32_t usm_way_out_batch(struct usm_pager *pager, bool leaving)
{
	pager->won = 0;
	pager->chosen = 0;
	if (!pager->outgoing.nr)
		pager->wary = usm_storing_take_failed(&pager->storing,
						      &pager->outgoing);
	if (!pager->outgoing.nr && usm_storing_has_room(&pager->storing))
		evict(pager, leaving);
	if (!pager->outgoing.nr)
		return 0;
	if (usm_way_out_stores_aside(pager) && !pager->wary)
		store_aside(pager);
	else
		usm_way_out_store(pager);
	return pager->won;
}
