/* SPDX-License-Identifier: MIT */
#include "instance/ahead/push.h"

#include <errno.h>

#include "instance/ahead/room.h"
#include "instance/worker/backoff.h"

/* One call of the kernel takes that many; the rest has time until the next. */
_Static_assert(USM_MAGAZINE_MAX <= USM_BATCH_MAX, "pushed by one call");

struct batch {
	uint32_t member;
	uint32_t low;
	uint32_t flags; /* USM_PUSH_* */
	uint32_t nr;
	uint32_t frames[USM_MAGAZINE_MAX];
};

static void give_back(struct usm_ahead_worker *worker, const uint32_t *frames,
		      uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++) {
		usm_given_clear(&worker->ahead->given, frames[i]);
		usm_stock_give(worker->stock, frames[i]);
	}
}

/* Is only this frame refused, which the kernel took for itself meanwhile? */
static bool frame_is_wrong(int error)
{
	return error == -EPERM || error == -EBUSY;
}

/*
 * Returns how many were taken.  What was not goes back into stock, but for
 * frames that are not FREE: those are reported when they are again.
 */
static uint32_t push(struct usm_ahead_worker *worker, const struct batch *batch)
{
	struct usm_ahead *ahead = worker->ahead;
	const struct usm_kernel *kernel = ahead->options.kernel;
	uint32_t at = 0, taken = 0, i;

	/* Before they can be used, so that no mark comes after its end. */
	for (i = 0; i < batch->nr; i++)
		usm_given_set(&ahead->given, batch->frames[i]);
	while (at < batch->nr) {
		struct usm_push arg = {
			.member = batch->member,
			.flags = batch->flags,
			.low = batch->low,
		};
		int err = kernel->push(kernel->ctx, batch->frames + at,
				       batch->nr - at, &arg);

		if (err)
			arg = (struct usm_push){ .error = err };
		at += arg.done;
		taken += arg.done;
		if (!arg.error || at >= batch->nr)
			break;
		if (!frame_is_wrong(arg.error)) {
			if (arg.error == -ESRCH)
				usm_magazines_drop(&ahead->magazines,
						   batch->member);
			break;
		}
		usm_given_clear(&ahead->given, batch->frames[at++]);
	}
	give_back(worker, batch->frames + at, batch->nr - at);
	ahead->counts.pushed += taken;
	return taken;
}

/* Zeroed ones: nobody may have had them in between. */
static uint32_t push_clean(struct usm_ahead_worker *worker, struct batch *batch,
			   uint32_t wanted)
{
	uint32_t taken;

	if (!worker->clean.nr)
		return 0;
	usm_stock_quiet(worker->stock);
	batch->flags = USM_PUSH_ZEROED;
	batch->nr =
		usm_clean_take(&worker->clean, usm_stock_frames(worker->stock),
			       batch->frames, wanted);
	taken = push(worker, batch);
	usm_stock_unquiet(worker->stock);
	worker->ahead->counts.vouched += taken;
	return taken;
}

static void push_any(struct usm_ahead_worker *worker, struct batch *batch,
		     uint32_t wanted)
{
	const struct usm_fault later = { .member = batch->member };
	struct usm_checked_alloc *frames = usm_stock_frames(worker->stock);

	batch->flags = 0;
	for (batch->nr = 0; batch->nr < wanted; batch->nr++) {
		uint32_t frame = usm_checked_alloc_pick(frames, &later);

		if (frame == USM_FRAME_NONE)
			break;
		batch->frames[batch->nr] = frame;
	}
	push(worker, batch);
}

void usm_push_refill(struct usm_ahead_worker *worker, uint32_t member)
{
	struct usm_ahead *ahead = worker->ahead;
	const struct usm_kernel *kernel = ahead->options.kernel;
	struct batch batch = { .member = member };
	struct usm_magazine_wish wish;
	struct usm_refill refill;
	uint32_t stocked = 0, room;

	usm_checked_alloc_magazine(usm_stock_frames(worker->stock), &wish);
	if (!wish.depth)
		return;
	if (kernel->stocked(kernel->ctx, member, &stocked)) {
		usm_magazines_drop(&ahead->magazines, member);
		return;
	}
	refill = usm_magazines_refill(&ahead->magazines, member, stocked,
				      wish.depth, usm_now_ns());
	room = usm_room_left(worker);
	if (refill.frames > room)
		refill.frames = room;
	batch.low = refill.low;
	refill.frames -= push_clean(worker, &batch, refill.frames);
	if (refill.frames)
		push_any(worker, &batch, refill.frames);
}
