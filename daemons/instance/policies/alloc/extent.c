/* SPDX-License-Identifier: MIT */
/*
 * extent: what is adjacent in virtual memory is adjacent in physical memory.
 *
 * The first fault in an aligned window of virtual memory sets aside a whole
 * aligned run of frames for it, clipped to the mapping; every later fault in
 * that window gets the frame at the same offset.  This is the reservation of
 * PTEMagnet (ASPLOS 2021): neighbouring page table entries share cache lines
 * on nested walks, and contiguous windows can become large folios later.  The
 * run after the one behind the previous window is preferred, so that long
 * sequential touches stay contiguous across windows.
 *
 * Who goes through a window in sequence, the page before being in use and none
 * after, is granted the rest of it, mapped together by the next touch.
 *
 * Frames that come home go back to the window they stood behind, until nothing
 * of the run is in use; then the run is whole again.  Reservations cost nobody
 * memory: when no other frame is left they are broken up, least recently used
 * first.
 */
#include <errno.h>
#include <stdlib.h>

#include "instance/policies/alloc/registry.h"
#include "instance/policies/alloc/reservations.h"

/* 64 KiB: one large folio of order 4, one cache line of table entries twice. */
#define EXTENT_RUN_FRAMES 16U
#define EXTENT_RUN_MASK ((1ULL << EXTENT_RUN_FRAMES) - 1)
#define PAGE_SHIFT 12

/* A single page has no neighbour to be adjacent to. */
#define EXTENT_MIN_FRAMES 2

struct extent {
	struct usm_arena *arena;
	struct usm_reservations reserved;
};

static void extent_fini(void *ctx)
{
	struct extent *extent = ctx;

	if (!extent)
		return;
	usm_reservations_fini(&extent->reserved);
	free(extent);
}

static int extent_init(struct usm_arena *arena, void **ctx)
{
	struct extent *extent = calloc(1, sizeof(*extent));
	int err;

	if (!extent)
		return -ENOMEM;
	extent->arena = arena;
	err = usm_reservations_init(&extent->reserved,
				    usm_arena_nr_runs(arena));
	if (err) {
		free(extent);
		return err;
	}
	*ctx = extent;
	return 0;
}

/* Pages of the window around the fault that lie in its mapping. */
static uint64_t clip(const struct usm_fault *fault)
{
	uint64_t first =
		(fault->addr >> PAGE_SHIFT) & ~(EXTENT_RUN_FRAMES - 1ULL);
	uint64_t from = fault->vma_start >> PAGE_SHIFT;
	uint64_t to = fault->vma_end >> PAGE_SHIFT;
	uint64_t mask = EXTENT_RUN_MASK;

	if (from > first)
		mask &= EXTENT_RUN_MASK << (from - first);
	if (to < first + EXTENT_RUN_FRAMES)
		mask &= (1ULL << (to - first)) - 1;
	return mask;
}

/* A whole run for a new window, next to the previous window's if possible. */
static uint32_t find_run(const struct extent *extent, uint32_t member,
			 uint64_t window)
{
	const struct usm_arena *arena = extent->arena;
	uint32_t before =
		usm_reservations_find(&extent->reserved, member, window - 1);
	uint32_t first;

	if (before != USM_RUN_NONE && before + 1 < usm_arena_nr_runs(arena) &&
	    usm_arena_run_is_whole(arena, before + 1))
		return before + 1;
	first = usm_arena_find_run(arena);
	return first == USM_FRAME_NONE ? USM_RUN_NONE
				       : usm_arena_run_of(arena, first);
}

/* Gives up reservations until the arena has a frame, or none is left. */
static void break_up(struct extent *extent)
{
	uint32_t run;

	while (!usm_arena_nr_free(extent->arena)) {
		run = usm_reservations_oldest(&extent->reserved);
		if (run == USM_RUN_NONE)
			return;
		usm_arena_run_give(
			extent->arena, run,
			usm_reservations_drop(&extent->reserved, run));
	}
}

/* Any frame: from broken runs first, so that whole ones last. */
static uint32_t pick_single(struct extent *extent)
{
	uint32_t frame = usm_arena_take_scrap(extent->arena);

	if (frame != USM_FRAME_NONE)
		return frame;
	break_up(extent);
	return usm_arena_take_lowest(extent->arena);
}

/* The frame at its place behind a reserved window, if it is to be had. */
static uint32_t pick_reserved(struct extent *extent, uint32_t run,
			      uint32_t offset)
{
	struct usm_reservation *r = &extent->reserved.run[run];
	uint32_t frame = usm_arena_run_first(extent->arena, run) + offset;
	uint64_t bit = 1ULL << offset;

	if (r->spare & bit) {
		usm_reservations_set_spare(&extent->reserved, run,
					   r->spare & ~bit);
		return frame;
	}
	/* The mapping has grown over a page that was clipped off before. */
	if (!(r->wanted & bit) && usm_arena_take(extent->arena, frame)) {
		r->wanted |= bit;
		return frame;
	}
	return USM_FRAME_NONE;
}

static uint32_t extent_pick(void *ctx, const struct usm_fault *fault)
{
	struct extent *extent = ctx;
	uint64_t page = fault->addr >> PAGE_SHIFT;
	uint64_t window = page / EXTENT_RUN_FRAMES;
	uint32_t offset = (uint32_t)(page % EXTENT_RUN_FRAMES);
	uint32_t run, frame = USM_FRAME_NONE;
	uint64_t wanted;

	run = usm_reservations_find(&extent->reserved, fault->member, window);
	if (run == USM_RUN_NONE && fault->member) {
		wanted = clip(fault);
		if (__builtin_popcountll(wanted) >= EXTENT_MIN_FRAMES)
			run = find_run(extent, fault->member, window);
		if (run != USM_RUN_NONE) {
			usm_arena_run_take(extent->arena, run, wanted);
			usm_reservations_add(&extent->reserved, run,
					     fault->member, window, wanted);
		}
	}
	if (run != USM_RUN_NONE)
		frame = pick_reserved(extent, run, offset);
	return frame != USM_FRAME_NONE ? frame : pick_single(extent);
}

/* Is the frame of this page of a window out? */
static bool is_out(const struct usm_reservation *r, uint32_t offset)
{
	uint64_t bit = 1ULL << offset;

	return r->wanted & bit && !(r->spare & bit);
}

/* Is the page before this one in use, as far as frames stand behind it? */
static bool goes_on(const struct extent *extent, uint32_t member,
		    uint64_t window, uint32_t run, uint32_t offset)
{
	if (offset)
		return is_out(&extent->reserved.run[run], offset - 1);
	run = usm_reservations_find(&extent->reserved, member, window - 1);
	return run != USM_RUN_NONE &&
	       is_out(&extent->reserved.run[run], EXTENT_RUN_FRAMES - 1);
}

/* Pages after one of a window that are in the mapping and have their frames. */
static uint32_t pages_after(const struct usm_reservation *r, uint32_t offset,
			    const struct usm_fault *fault)
{
	uint64_t left = (fault->vma_end - fault->addr) >> PAGE_SHIFT;
	uint32_t pages = 0;

	while (offset + pages + 1 < EXTENT_RUN_FRAMES && pages + 1 < left &&
	       r->spare >> (offset + pages + 1) & 1)
		pages++;
	return pages;
}

static bool extent_range(void *ctx, const struct usm_fault *fault,
			 uint32_t frame, struct usm_range_wish *wish)
{
	struct extent *extent = ctx;
	uint64_t page = fault->addr >> PAGE_SHIFT;
	uint64_t window = page / EXTENT_RUN_FRAMES;
	uint32_t offset = (uint32_t)(page % EXTENT_RUN_FRAMES), pages;
	uint32_t run =
		usm_reservations_find(&extent->reserved, fault->member, window);
	uint64_t after, wanted;

	if (run == USM_RUN_NONE ||
	    frame != usm_arena_run_first(extent->arena, run) + offset ||
	    !goes_on(extent, fault->member, window, run, offset))
		return false;
	pages = pages_after(&extent->reserved.run[run], offset, fault);
	after = ((1ULL << pages) - 1) << (offset + 1);
	wanted = extent->reserved.run[run].wanted & ~((2ULL << offset) - 1);
	/* Somebody was there: it is not that it goes through all of it. */
	if (!pages || after != wanted)
		return false;
	usm_reservations_set_spare(&extent->reserved, run,
				   extent->reserved.run[run].spare & ~after);
	*wish = (struct usm_range_wish){
		.addr = fault->addr + (1ULL << PAGE_SHIFT),
		.first = frame + 1,
		.frames = pages,
		.around = pages - 1,
	};
	return true;
}

static void extent_released(void *ctx, uint32_t frame)
{
	struct extent *extent = ctx;
	struct usm_arena *arena = extent->arena;
	uint32_t run = usm_arena_run_of(arena, frame);
	struct usm_reservation *r = &extent->reserved.run[run];
	uint64_t bit = 1ULL << (frame - usm_arena_run_first(arena, run));

	if (!r->member || !(r->wanted & bit)) {
		usm_arena_give(arena, frame);
	} else {
		usm_reservations_set_spare(&extent->reserved, run,
					   r->spare | bit);
	}
	/* Nothing of it in use: the window is gone, or as good as. */
	if (r->member &&
	    (r->spare | usm_arena_run_free(arena, run)) == EXTENT_RUN_MASK)
		usm_arena_run_give(
			arena, run,
			usm_reservations_drop(&extent->reserved, run));
}

static void extent_process_exit(void *ctx, uint32_t member)
{
	struct extent *extent = ctx;
	uint32_t run;

	if (!member)
		return; /* nobody; unreserved runs carry it */
	for (run = 0; run < extent->reserved.nr_runs; run++)
		if (extent->reserved.run[run].member == member)
			usm_arena_run_give(
				extent->arena, run,
				usm_reservations_drop(&extent->reserved, run));
}

const struct usm_alloc_policy usm_alloc_extent = {
	USM_POLICY_HEAD(struct usm_alloc_policy),
	.name = "extent",
	.summary = "adjacent virtual pages get adjacent frames",
	.run_frames = EXTENT_RUN_FRAMES,
	.init = extent_init,
	.fini = extent_fini,
	.pick = extent_pick,
	.released = extent_released,
	.process_exit = extent_process_exit,
	.range = extent_range,
};
