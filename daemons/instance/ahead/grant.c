/* SPDX-License-Identifier: MIT */
#include "instance/ahead/grant.h"

#include "instance/ahead/back.h"
#include "instance/ahead/room.h"

static bool grant(struct usm_ahead_worker *worker, uint32_t member,
		  const struct usm_range_wish *wish)
{
	struct usm_ahead *ahead = worker->ahead;
	const struct usm_kernel *kernel = ahead->options.kernel;
	struct usm_grant_entry entry = {
		.addr = wish->addr,
		.member = member,
		.first = wish->first,
		.frames = wish->frames,
		.around = (uint16_t)wish->around,
	};
	struct usm_range oldest;
	uint32_t i;

	/* Asking for one over another is an error in the kernel's books. */
	if (wish->frames > usm_room_left(worker) ||
	    usm_ranges_overlap(&ahead->ranges, member, wish->addr,
			       wish->frames))
		return false;
	if (ahead->ranges.nr == USM_RANGES_MAX &&
	    usm_ranges_take_oldest(&ahead->ranges, &oldest))
		usm_back_range(worker, &oldest);
	for (i = 0; i < wish->frames; i++)
		usm_given_set(&ahead->given, wish->first + i);
	if (kernel->grant(kernel->ctx, &entry, 1) || entry.result) {
		for (i = 0; i < wish->frames; i++)
			usm_given_clear(&ahead->given, wish->first + i);
		return false;
	}
	usm_ranges_add(&ahead->ranges, &(struct usm_range){
					       .addr = wish->addr,
					       .member = member,
					       .first = wish->first,
					       .frames = wish->frames,
				       });
	ahead->counts.ranges += wish->frames;
	return true;
}

void usm_grant_beside(struct usm_ahead_worker *worker,
		      const struct usm_fault *fault, uint32_t frame)
{
	struct usm_range_wish wish;
	uint32_t i;

	if (!usm_checked_alloc_range(usm_stock_frames(worker->stock), fault,
				     frame, &wish) ||
	    grant(worker, fault->member, &wish))
		return;
	for (i = 0; i < wish.frames; i++)
		usm_stock_give(worker->stock, wish.first + i);
}
