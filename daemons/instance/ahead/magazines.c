/* SPDX-License-Identifier: MIT */
#include "instance/ahead/magazines.h"

#include "instance/ahead/ramp.h"

static struct usm_magazine_state *place_of(struct usm_magazines *magazines,
					   uint32_t member)
{
	return &magazines->of[member % USM_MAGAZINES_MAX];
}

struct usm_refill usm_magazines_refill(struct usm_magazines *magazines,
				       uint32_t member, uint32_t stocked,
				       uint32_t max, uint64_t now_ns)
{
	struct usm_magazine_state *state = place_of(magazines, member);
	struct usm_refill refill = { 0 };

	if (state->member != member) {
		*state = (struct usm_magazine_state){
			.member = member,
			.depth = max < USM_RAMP_DEPTH_MIN ? max
							  : USM_RAMP_DEPTH_MIN,
		};
	} else if (stocked > usm_ramp_low(state->depth)) {
		/* Another thread of it asked before, and got this. */
		return refill;
	} else {
		state->depth = usm_ramp_next(state->depth, max,
					     now_ns - state->filled_ns);
	}
	state->filled_ns = now_ns;
	if (state->depth > stocked)
		refill.frames = state->depth - stocked;
	refill.low = usm_ramp_low(state->depth);
	return refill;
}

void usm_magazines_drop(struct usm_magazines *magazines, uint32_t member)
{
	struct usm_magazine_state *state = place_of(magazines, member);

	if (state->member == member)
		*state = (struct usm_magazine_state){ 0 };
}

void usm_magazines_taken_back(struct usm_magazines *magazines)
{
	uint32_t i;

	for (i = 0; i < USM_MAGAZINES_MAX; i++)
		if (magazines->of[i].member)
			magazines->of[i].depth =
				usm_ramp_back(magazines->of[i].depth);
}
