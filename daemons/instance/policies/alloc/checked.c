/* SPDX-License-Identifier: MIT */
#include "instance/policies/alloc/checked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/arena/bitmap.h"
#include "instance/policies/stats.h"

/*
 * A policy may name frames that were taken past it; it is asked again, since
 * it may know a good one.  More often in a row and it knows nothing.
 */
#define PICK_TRIES 4

#define PAGE_BYTES 4096U

struct usm_checked_alloc {
	const struct usm_alloc_policy *policy;
	void *ctx;
	struct usm_arena *arena;
	uint32_t base; /* frame of bit 0 */
	uint32_t span; /* bits */
	uint32_t nr;
	uint64_t overruled;
	struct usm_bitmap in_stock;
};

static int make_context(struct usm_checked_alloc *checked,
			const struct usm_settings *settings,
			struct usm_failure *failure)
{
	const struct usm_policy_options options = {
		.field = "policy.alloc_options",
		.policy = checked->policy->name,
		.settings = settings,
	};
	void *ctx = NULL;
	int err = checked->policy->init(checked->arena, &ctx);

	if (err)
		return usm_policy_not_started(
			"policy.alloc", checked->policy->name, err, failure);
	checked->ctx = ctx;
	return usm_policy_configure(&options, checked->policy->config, ctx,
				    failure);
}

int usm_checked_alloc_create(const struct usm_alloc_policy *policy,
			     const struct usm_settings *settings,
			     const struct usm_extent *extents,
			     unsigned int nr_extents,
			     struct usm_checked_alloc **out,
			     struct usm_failure *failure)
{
	struct usm_checked_alloc *checked = calloc(1, sizeof(*checked));
	int err;

	if (!checked)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	checked->policy = policy;
	err = usm_arena_create(extents, nr_extents, policy->run_frames,
			       &checked->arena);
	if (!err) {
		checked->base = usm_arena_run_first(checked->arena, 0);
		checked->span =
			usm_arena_nr_runs(checked->arena) * policy->run_frames;
		err = usm_bitmap_init(&checked->in_stock, checked->span);
	}
	if (err)
		usm_fail(failure, USM_EXIT_FAILED, -err,
			 "setting up the frames: %s", strerror(-err));
	else
		err = make_context(checked, settings, failure);
	if (err) {
		usm_checked_alloc_destroy(checked);
		return err;
	}
	*out = checked;
	return 0;
}

void usm_checked_alloc_destroy(struct usm_checked_alloc *checked)
{
	if (!checked)
		return;
	if (checked->ctx)
		checked->policy->fini(checked->ctx);
	usm_bitmap_fini(&checked->in_stock);
	usm_arena_destroy(checked->arena);
	free(checked);
}

/* Frames below base wrap to huge numbers, so one comparison does. */
bool usm_checked_alloc_has(const struct usm_checked_alloc *checked,
			   uint32_t frame)
{
	uint32_t bit = frame - checked->base;

	return bit < checked->span && usm_bitmap_test(&checked->in_stock, bit);
}

bool usm_checked_alloc_owns(const struct usm_checked_alloc *checked,
			    uint32_t frame)
{
	return usm_arena_owns(checked->arena, frame);
}

uint32_t usm_checked_alloc_nr(const struct usm_checked_alloc *checked)
{
	return checked->nr;
}

static bool cross_out(struct usm_checked_alloc *checked, uint32_t frame)
{
	if (!usm_checked_alloc_has(checked, frame))
		return false;
	usm_bitmap_clear(&checked->in_stock, frame - checked->base);
	checked->nr--;
	return true;
}

bool usm_checked_alloc_take(struct usm_checked_alloc *checked, uint32_t frame)
{
	if (!cross_out(checked, frame))
		return false;
	/* What the policy set aside it finds out when it names the frame. */
	usm_arena_take(checked->arena, frame);
	return true;
}

uint32_t usm_checked_alloc_pick(struct usm_checked_alloc *checked,
				const struct usm_fault *fault)
{
	uint32_t frame;
	int i;

	if (!checked->nr)
		return USM_FRAME_NONE;
	for (i = 0; i < PICK_TRIES; i++) {
		frame = checked->policy->pick(checked->ctx, fault);
		if (cross_out(checked, frame))
			return frame;
		checked->overruled++;
		if (frame == USM_FRAME_NONE)
			break;
	}
	frame = checked->base + usm_bitmap_first(&checked->in_stock);
	usm_checked_alloc_take(checked, frame);
	return frame;
}

bool usm_checked_alloc_give(struct usm_checked_alloc *checked, uint32_t frame)
{
	if (!usm_checked_alloc_owns(checked, frame) ||
	    usm_checked_alloc_has(checked, frame))
		return false;
	usm_bitmap_set(&checked->in_stock, frame - checked->base);
	checked->nr++;
	checked->policy->released(checked->ctx, frame);
	return true;
}

void usm_checked_alloc_magazine(const struct usm_checked_alloc *checked,
				struct usm_magazine_wish *wish)
{
	*wish = (struct usm_magazine_wish){ 0 };
	if (!checked->policy->magazine)
		return;
	checked->policy->magazine(checked->ctx, wish);
	if (wish->depth > USM_MAGAZINE_MAX)
		wish->depth = USM_MAGAZINE_MAX;
}

/* Frames of its that are in stock; there may be any number in the wish. */
static uint32_t in_stock(const struct usm_checked_alloc *checked,
			 const struct usm_range_wish *wish)
{
	uint32_t nr = 0;

	while (nr < wish->frames && nr < USM_RANGE_FRAMES_MAX &&
	       usm_checked_alloc_has(checked, wish->first + nr))
		nr++;
	return nr;
}

static bool range_is_right(const struct usm_checked_alloc *checked,
			   const struct usm_fault *fault,
			   const struct usm_range_wish *wish)
{
	uint64_t bytes = (uint64_t)wish->frames * PAGE_BYTES;

	return wish->frames && wish->around <= USM_AROUND_MAX &&
	       wish->addr % PAGE_BYTES == 0 && wish->addr >= fault->vma_start &&
	       wish->addr < fault->vma_end &&
	       bytes <= fault->vma_end - wish->addr &&
	       (fault->addr < wish->addr ||
		fault->addr - wish->addr >= bytes) &&
	       in_stock(checked, wish) == wish->frames;
}

bool usm_checked_alloc_has_ranges(const struct usm_checked_alloc *checked)
{
	return checked->policy->range;
}

bool usm_checked_alloc_range(struct usm_checked_alloc *checked,
			     const struct usm_fault *fault, uint32_t frame,
			     struct usm_range_wish *wish)
{
	struct usm_range_wish wanted = { 0 };
	uint32_t nr, i;

	if (!checked->policy->range ||
	    !checked->policy->range(checked->ctx, fault, frame, &wanted))
		return false;
	if (range_is_right(checked, fault, &wanted)) {
		for (i = 0; i < wanted.frames; i++)
			usm_checked_alloc_take(checked, wanted.first + i);
		*wish = wanted;
		return true;
	}
	checked->overruled++;
	/* What it took for it may not be lost to everybody. */
	nr = in_stock(checked, &wanted);
	for (i = 0; i < nr; i++)
		checked->policy->released(checked->ctx, wanted.first + i);
	return false;
}

struct usm_arena *usm_checked_alloc_arena(struct usm_checked_alloc *checked)
{
	return checked->arena;
}

uint64_t usm_checked_alloc_word(const struct usm_checked_alloc *checked,
				uint32_t word)
{
	return checked->in_stock.level[0][word];
}

void usm_checked_alloc_copy(const struct usm_checked_alloc *from,
			    struct usm_checked_alloc *to)
{
	uint32_t bit;

	usm_arena_own_same(to->arena, from->arena);
	for (bit = 0; bit < from->span; bit++)
		if (usm_bitmap_test(&from->in_stock, bit))
			usm_checked_alloc_give(to, from->base + bit);
}

void usm_checked_alloc_process_new(struct usm_checked_alloc *checked,
				   const struct usm_process *process)
{
	if (checked->policy->process_new)
		checked->policy->process_new(checked->ctx, process);
}

void usm_checked_alloc_process_exit(struct usm_checked_alloc *checked,
				    uint32_t member)
{
	if (checked->policy->process_exit)
		checked->policy->process_exit(checked->ctx, member);
}

uint32_t usm_checked_alloc_stats(const struct usm_checked_alloc *checked,
				 struct usm_policy_stat *stats, uint32_t nr)
{
	const struct usm_policy_stat own = { "overruled", checked->overruled };

	return usm_policy_stats(&own, 1, checked->policy->stats, checked->ctx,
				stats, nr);
}
