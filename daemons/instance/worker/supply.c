/* SPDX-License-Identifier: MIT */
#include "instance/worker/supply.h"

#include <errno.h>

#include "instance/worker/stock_books.h"
#include "instance/evict/placing.h"
#include "instance/worker/stock_refill.h"

/* Are the frames there are for evicted pages alone? */
static bool withheld(const struct usm_stock *stock,
		     const struct usm_pager *pager, bool evicted)
{
	uint32_t keep = pager && !evicted ? usm_pager_keep(pager) : 0;

	return keep && usm_stock_nr_all(stock) <= keep;
}

/*
 * While frames are in sight elsewhere none are won, unless those may not be
 * had.
 */
static uint32_t find(struct usm_stock *stock, struct usm_pager *pager,
		     const struct usm_fault *fault, bool *dry)
{
	bool evicted = fault->kind == USM_FAULT_SWAPIN, kept;
	uint32_t frame = USM_FRAME_NONE;

	do {
		kept = withheld(stock, pager, evicted);
		if (!kept)
			frame = usm_stock_pick(stock, fault, dry);
	} while (frame == USM_FRAME_NONE && pager &&
		 (kept || !usm_stock_hopeful(stock)) &&
		 usm_pager_reclaim(pager));
	return frame;
}

/* Nothing to be had: will there be something for this fault soon? */
static enum usm_supply wait_or_not(const struct usm_stock *stock,
				   const struct usm_pager *pager, bool evicted)
{
	bool hopeful = (usm_stock_hopeful(stock) &&
			!withheld(stock, pager, evicted)) ||
		       (pager && (evicted || usm_pager_hopeful(pager)));

	return hopeful ? USM_SUPPLY_LATER : USM_SUPPLY_NONE;
}

/* -EFAULT: the frame is not what it was; it is in stock if it can be. */
static int fill(struct usm_stock *stock, struct usm_pager *pager,
		const struct usm_fault *fault, uint32_t frame)
{
	int err;

	usm_stock_hold(stock, frame);
	err = usm_pager_fill(pager, fault->cookie, frame);
	if (usm_stock_let_go(stock, frame))
		return err;
	usm_stock_refused(stock, frame, true);
	return -EFAULT;
}

enum usm_supply usm_supply(struct usm_stock *stock, struct usm_pager *pager,
			   const struct usm_fault *fault, uint32_t *frame,
			   bool *dry)
{
	bool evicted = fault->kind == USM_FAULT_SWAPIN;
	uint32_t found;
	int err = 0;

	/* What was evicted by others, with nothing here to read it from. */
	if (evicted && !pager)
		return USM_SUPPLY_NONE;
	do {
		found = find(stock, pager, fault, dry);
		if (found == USM_FRAME_NONE)
			return wait_or_not(stock, pager, evicted);
		if (pager)
			usm_prefetcher_fault(usm_pager_prefetcher(pager),
					     fault);
		if (evicted)
			err = fill(stock, pager, fault, found);
		/* The frame left the partition just now: take another. */
	} while (err == -EFAULT);
	if (err) {
		usm_stock_give(stock, found);
		/* Short of memory: the page is where it was. */
		return err == -ENOMEM ? USM_SUPPLY_LATER : USM_SUPPLY_NONE;
	}
	if (pager)
		usm_pager_placed(pager, found, fault->member, fault->addr);
	*frame = found;
	return USM_SUPPLY_FRAME;
}

enum usm_supply usm_supply_by_relay(struct usm_stock *stock,
				    struct usm_relay *relay,
				    const struct usm_fault *fault,
				    uint32_t *frame, bool *dry)
{
	uint32_t keep = usm_relay_keep(relay), found = USM_FRAME_NONE;
	bool kept = keep && usm_stock_nr_all(stock) <= keep;

	if (!kept)
		found = usm_stock_pick(stock, fault, dry);
	if (found == USM_FRAME_NONE) {
		bool hopeful = !kept && usm_stock_hopeful(stock);

		if (!hopeful)
			usm_relay_want(relay);
		return hopeful || usm_relay_hopeful(relay) ? USM_SUPPLY_LATER
							   : USM_SUPPLY_NONE;
	}
	if (fault->member)
		usm_relay_placed(relay, found, fault->member, fault->addr);
	*frame = found;
	return USM_SUPPLY_FRAME;
}
