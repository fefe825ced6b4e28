/* SPDX-License-Identifier: MIT */
#include "fake_ahead.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/client.h"

static struct usm_frame_info *info_of(struct fake_kernel *fake, uint32_t frame)
{
	return &fake->frames[frame - fake->extent.first];
}

static bool is_ahead(const struct usm_frame_info *info)
{
	return info->state == USM_FRAME_GRANTED &&
	       info->grant != USM_GRANT_FAULT;
}

char *fake_ahead_page(struct fake_kernel *fake, uint32_t frame)
{
	return fake->pool + (uint64_t)frame * USM_FRAME_BYTES;
}

static int check(struct fake_kernel *fake, uint32_t frame)
{
	if (frame - fake->extent.first >= fake->extent.frames)
		return -EPERM;
	return *fake_state(fake, frame) == USM_FRAME_FREE ? 0 : -EBUSY;
}

static uint32_t stock_of(const struct fake_kernel *fake, uint32_t member)
{
	uint32_t nr = 0, i;

	for (i = 0; i < fake->extent.frames; i++)
		nr += fake->frames[i].grant == USM_GRANT_MAGAZINE &&
		      is_ahead(&fake->frames[i]) &&
		      fake->frames[i].member == member;
	return nr;
}

uint32_t fake_ahead_nr(const struct fake_kernel *fake)
{
	uint32_t nr = 0, i;

	for (i = 0; i < fake->extent.frames; i++)
		nr += is_ahead(&fake->frames[i]);
	return nr;
}

static int fake_push(void *ctx, const uint32_t *frames, uint32_t nr,
		     struct usm_push *push)
{
	struct fake_kernel *fake = ctx;

	cr_assert_leq(nr, USM_BATCH_MAX);
	fake->pushes++;
	push->done = 0;
	push->error = push->member == fake->gone ? -ESRCH : 0;
	while (!push->error && push->done < nr) {
		uint32_t frame = frames[push->done];
		struct usm_frame_info *info;

		push->error = check(fake, frame);
		if (!push->error &&
		    stock_of(fake, push->member) == USM_MAGAZINE_MAX)
			push->error = -ENOSPC;
		if (push->error)
			break;
		info = info_of(fake, frame);
		*info = (struct usm_frame_info){
			.state = USM_FRAME_GRANTED,
			.grant = USM_GRANT_MAGAZINE,
			.member = push->member,
			/* In order of pushing; .order: is it vouched for? */
			.cookie = ++fake->push_order,
			.order = push->flags & USM_PUSH_ZEROED,
		};
		push->done++;
	}
	fake->refused += push->error == -EPERM || push->error == -EBUSY;
	fake->low = push->low;
	fake->armed = push->low;
	return 0;
}

static int fake_grant_range(void *ctx, struct usm_grant_entry *entries,
			    uint32_t nr)
{
	struct fake_kernel *fake = ctx;
	uint32_t i;

	cr_assert_eq(nr, 1);
	entries->result = entries->member == fake->gone ? -ESRCH : 0;
	for (i = 0; i < entries->frames && !entries->result; i++)
		entries->result = check(fake, entries->first + i);
	for (i = 0; i < entries->frames && !entries->result; i++)
		*info_of(fake, entries->first + i) = (struct usm_frame_info){
			.state = USM_FRAME_GRANTED,
			.grant = USM_GRANT_RANGE,
			.member = entries->member,
			.addr = entries->addr + i * USM_FRAME_BYTES,
		};
	fake->refused += entries->result && entries->result != -ESRCH;
	fake->grants++;
	return 0;
}

static int fake_free_ahead(void *ctx, struct usm_free_entry *entries,
			   uint32_t nr)
{
	struct fake_kernel *fake = ctx;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		struct usm_frame_info *info;

		entries[i].result = -EPERM;
		if (entries[i].frame - fake->extent.first >=
		    fake->extent.frames) {
			fake->refused++;
			continue;
		}
		info = info_of(fake, entries[i].frame);
		cr_assert_neq(info->state, USM_FRAME_EVICTING,
			      "a page that nobody stored would be lost");
		entries[i].result = is_ahead(info) ? 0 : -ESTALE;
		if (!entries[i].result)
			*info = (struct usm_frame_info){
				.state = USM_FRAME_FREE,
			};
	}
	return 0;
}

static int fake_stocked(void *ctx, uint32_t member, uint32_t *out)
{
	struct fake_kernel *fake = ctx;

	if (member == fake->gone)
		return -ESRCH;
	*out = stock_of(fake, member);
	return 0;
}

void fake_ahead_init(struct fake_kernel *fake)
{
	size_t bytes =
		(fake->extent.first + fake->extent.frames) * USM_FRAME_BYTES;

	fake->pool = malloc(bytes);
	memset(fake->pool, 0xaa, bytes);
	fake->ops.push = fake_push;
	fake->ops.grant = fake_grant_range;
	fake->ops.free = fake_free_ahead;
	fake->ops.stocked = fake_stocked;
}

void fake_ahead_fini(struct fake_kernel *fake)
{
	free(fake->pool);
}

static void post(struct fake_kernel *fake, const struct usm_notice *notice)
{
	struct usm_notices *ring = &fake->notices;

	if (ring->head - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) >=
	    USM_NOTICES) {
		ring->lost++;
		return;
	}
	ring->ring[ring->head % USM_NOTICES] = *notice;
	__atomic_store_n(&ring->head, ring->head + 1, __ATOMIC_RELEASE);
}

static bool is_zero(const char *page)
{
	size_t i;

	for (i = 0; i < USM_FRAME_BYTES; i++)
		if (page[i])
			return false;
	return true;
}

static uint32_t find(struct fake_kernel *fake, uint32_t member, uint64_t addr)
{
	uint32_t best = USM_FRAME_NONE, i;

	for (i = 0; i < fake->extent.frames; i++) {
		const struct usm_frame_info *info = &fake->frames[i];

		if (!is_ahead(info) || info->member != member)
			continue;
		if (info->grant == USM_GRANT_RANGE) {
			if (info->addr == addr)
				return fake->extent.first + i;
			continue;
		}
		if (best == USM_FRAME_NONE ||
		    info->cookie < info_of(fake, best)->cookie)
			best = fake->extent.first + i;
	}
	return best;
}

uint32_t fake_ahead_touch(struct fake_kernel *fake, uint32_t member,
			  uint64_t addr)
{
	uint32_t frame = find(fake, member, addr);
	struct usm_frame_info *info;
	bool magazine;

	if (frame == USM_FRAME_NONE)
		return frame;
	info = info_of(fake, frame);
	magazine = info->grant == USM_GRANT_MAGAZINE;
	if (info->order && !is_zero(fake_ahead_page(fake, frame)))
		fake->lies++;
	memset(fake_ahead_page(fake, frame), 0x77, USM_FRAME_BYTES);
	*info = (struct usm_frame_info){
		.state = USM_FRAME_MAPPED,
		.member = member,
		.addr = addr,
	};
	post(fake, &(struct usm_notice){
			   .type = USM_NOTICE_USED,
			   .pages = 1,
			   .frame = frame,
			   .member = member,
			   .addr = addr,
		   });
	if (magazine && fake->armed && stock_of(fake, member) < fake->low) {
		fake->armed = 0;
		post(fake, &(struct usm_notice){
				   .type = USM_NOTICE_LOW,
				   .member = member,
			   });
	}
	return frame;
}

void fake_ahead_exit(struct fake_kernel *fake, uint32_t member)
{
	uint32_t i;

	for (i = 0; i < fake->extent.frames; i++)
		if (is_ahead(&fake->frames[i]) &&
		    fake->frames[i].member == member)
			fake_come_home(fake, fake->extent.first + i, 0);
	fake->gone = member;
}

void fake_ahead_adopt(struct fake_kernel *fake, uint32_t frame)
{
	cr_assert_eq(*fake_state(fake, frame), USM_FRAME_FREE);
	*fake_state(fake, frame) = USM_FRAME_MAPPED;
	memset(fake_ahead_page(fake, frame), 0x99, USM_FRAME_BYTES);
}
