/* SPDX-License-Identifier: MIT */
/*
 * batch: who touches memory in sequence gets the next pages' frames as well.
 *
 * A window per thread: it begins at one page, doubles with every fault that
 * goes on where the last window ended, up to 64 pages, and is one page again
 * after a fault elsewhere.  The idea is that of a file's readahead, and of
 * fault-around for file pages (do_fault_around in Linux).  The pages after the
 * one that faulted are granted in one run of frames; the first of them that is
 * touched brings the others with it.
 */
#include <errno.h>
#include <stdlib.h>

#include "instance/policies/alloc/number.h"
#include "instance/policies/alloc/registry.h"

#define PAGE_BYTES 4096ULL

/* One look at the page table's lock maps that many at most. */
#define BATCH_WINDOW_MAX USM_AROUND_MAX

/*
 * Threads that are remembered, each in the place its number hashes to: more
 * than fault at once.  One that loses its place begins with one page again.
 */
#define BATCH_STREAMS 1024U

struct stream {
	uint64_t next; /* a fault there goes on */
	uint32_t member;
	uint32_t tid;
	uint32_t window; /* pages */
	uint32_t reserved;
};

struct batch {
	struct usm_arena *arena;
	uint32_t window; /* at most */
	uint32_t run; /* of the arena: where the last range came from */
	uint64_t widened; /* faults that went on, and others */
	uint64_t shrunk;
	struct stream streams[BATCH_STREAMS];
};

static int batch_init(struct usm_arena *arena, void **ctx)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return -ENOMEM;
	batch->arena = arena;
	batch->window = BATCH_WINDOW_MAX;
	*ctx = batch;
	return 0;
}

/* Whole runs are for ranges as long as there is anything else. */
static uint32_t batch_pick(void *ctx, const struct usm_fault *fault)
{
	const struct batch *batch = ctx;
	uint32_t frame = usm_arena_take_scrap(batch->arena);

	(void)fault; /* every fault gets the same answer */
	return frame != USM_FRAME_NONE ? frame
				       : usm_arena_take_lowest(batch->arena);
}

static void batch_released(void *ctx, uint32_t frame)
{
	const struct batch *batch = ctx;

	usm_arena_give(batch->arena, frame);
}

static struct stream *stream_of(struct batch *batch,
				const struct usm_fault *fault)
{
	/* Fibonacci hashing; threads have numbers in a row. */
	uint32_t hash = (fault->tid ^ fault->member << 16) * 0x9e3779b9U;

	return &batch->streams[hash >> 16 & (BATCH_STREAMS - 1)];
}

/* How many pages the fault is to be served with, its own included. */
static uint32_t widen(struct batch *batch, const struct usm_fault *fault,
		      struct stream *stream)
{
	uint64_t left = (fault->vma_end - fault->addr) / PAGE_BYTES;

	if (stream->member == fault->member && stream->tid == fault->tid &&
	    stream->next == fault->addr) {
		batch->widened++;
		stream->window *= 2;
		if (stream->window > batch->window)
			stream->window = batch->window;
	} else {
		batch->shrunk++;
		*stream = (struct stream){
			.member = fault->member,
			.tid = fault->tid,
			.window = 1,
		};
	}
	return stream->window < left ? stream->window : (uint32_t)left;
}

/* nr free frames in a row among those of a mask, as a mask; 0: there are not. */
static uint64_t find_row(uint64_t free, uint32_t nr)
{
	uint64_t row = nr == 64 ? ~0ULL : (1ULL << nr) - 1;
	uint32_t at;

	for (at = 0; at + nr <= 64; at++)
		if ((free >> at & row) == row)
			return row << at;
	return 0;
}

/* Takes nr frames in a row, from a run begun before if it has them. */
static uint32_t take_row(struct batch *batch, uint32_t nr)
{
	struct usm_arena *arena = batch->arena;
	uint64_t row = find_row(usm_arena_run_free(arena, batch->run), nr);
	uint32_t first;

	if (!row) {
		first = usm_arena_find_run(arena);
		if (first == USM_FRAME_NONE)
			return USM_FRAME_NONE;
		batch->run = usm_arena_run_of(arena, first);
		row = find_row(usm_arena_run_free(arena, batch->run), nr);
	}
	if (!row)
		return USM_FRAME_NONE;
	usm_arena_run_take(arena, batch->run, row);
	return usm_arena_run_first(arena, batch->run) +
	       (uint32_t)__builtin_ctzll(row);
}

static bool batch_range(void *ctx, const struct usm_fault *fault,
			uint32_t frame, struct usm_range_wish *wish)
{
	struct batch *batch = ctx;
	struct stream *stream = stream_of(batch, fault);
	uint32_t pages = widen(batch, fault, stream), first;

	(void)frame; /* its neighbours need not be the pages' */
	stream->next = fault->addr + PAGE_BYTES;
	if (pages < 2)
		return false;
	/* Half of it where there is no such row any more, and so on. */
	while ((first = take_row(batch, pages - 1)) == USM_FRAME_NONE) {
		pages /= 2;
		if (pages < 2)
			return false;
	}
	stream->next = fault->addr + pages * PAGE_BYTES;
	*wish = (struct usm_range_wish){
		.addr = fault->addr + PAGE_BYTES,
		.first = first,
		.frames = pages - 1,
		.around = pages - 2,
	};
	return true;
}

static const struct usm_alloc_number batch_options[] = {
	{ "window", 1, BATCH_WINDOW_MAX, offsetof(struct batch, window),
	  "pages, 1 to 64" },
	{ 0 },
};

static int batch_config(void *ctx, const char *key, const char *value,
			const char **why)
{
	return usm_alloc_number_set(batch_options, ctx, key, value, why);
}

static uint32_t batch_stats(const void *ctx, struct usm_policy_stat *stats,
			    uint32_t nr)
{
	const struct batch *batch = ctx;
	const struct usm_policy_stat all[] = {
		{ "in_sequence", batch->widened },
		{ "elsewhere", batch->shrunk },
	};
	uint32_t i;

	for (i = 0; i < nr && i < sizeof(all) / sizeof(all[0]); i++)
		stats[i] = all[i];
	return i;
}

const struct usm_alloc_policy usm_alloc_batch = {
	USM_POLICY_HEAD(struct usm_alloc_policy),
	.name = "batch",
	.summary = "sequential faults bring up to 64 pages each",
	.run_frames = USM_RUN_FRAMES_MAX,
	.init = batch_init,
	.fini = free,
	.pick = batch_pick,
	.released = batch_released,
	.config = batch_config,
	.stats = batch_stats,
	.range = batch_range,
};
