/* SPDX-License-Identifier: MIT */
#include "instance/ahead/room.h"

#include "instance/ahead/ramp.h"
#include "instance/worker/stock_refill.h"

uint32_t usm_room_left(const struct usm_ahead_worker *worker)
{
	const struct usm_ahead *ahead = worker->ahead;
	uint32_t stock = usm_stock_nr(worker->stock);
	uint32_t room = usm_ramp_room(usm_stock_within_reach(worker->stock),
				      usm_given_nr(&ahead->given) /
					      ahead->options.nr_workers);

	return room < stock ? room : stock;
}

bool usm_room_overdrawn(const struct usm_ahead_worker *worker)
{
	const struct usm_ahead *ahead = worker->ahead;
	uint32_t out = usm_given_nr(&ahead->given);

	return out && usm_ramp_excess(usm_stock_within_reach(worker->stock),
				      out / ahead->options.nr_workers);
}
