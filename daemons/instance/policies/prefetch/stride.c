/* SPDX-License-Identifier: MIT */
/*
 * stride: the pages that follow at the distance at which the last ones came.
 *
 * Per mapping of a member a few streams, each a stride with a confidence: how
 * often in a row it foretold the next page.  Three pages at the same distance
 * from each other among the last few make a stream, so that walks over several
 * rows at once do not hide one another, and the fourth confirms it: in a small
 * mapping three stand like that by chance at every tenth fault or so.  How far a
 * stream looks ahead doubles with its confidence.  Idea: reference prediction tables, Chen and Baer,
 * "Effective hardware-based data prefetching for high-performance processors"
 * (1995), keyed by mapping where hardware has the instruction's address.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/frame_size.h"
#include "instance/policies/prefetch/depth.h"
#include "instance/policies/prefetch/registry.h"

#define REGIONS 16 /* mappings at once; replaced in order of their last use */
#define STREAMS 4 /* per mapping */
#define HISTORY 8 /* pages that were no stream's */

/* 4 MiB: a row of a large matrix.  Chance makes more of longer ones. */
#define STRIDE_MAX 1024

/* 2 to this power is the most that may be asked for. */
#define CONFIDENCE_MAX 6

#define PAGE ((int64_t)USM_FRAME_BYTES)

struct stream {
	int64_t last; /* the page that was needed last */
	int64_t stride; /* bytes; 0: no stream */
	uint64_t turn; /* when it was needed */
	uint32_t confidence;
	uint32_t ahead; /* so many steps from .last on were asked for */
};

struct region {
	uint32_t member; /* 0: none */
	uint32_t nr; /* pages ever put into .history */
	uint64_t start, end; /* of the mapping, as the last fault had it */
	uint64_t turn; /* when it was used last */
	int64_t history[HISTORY]; /* a ring */
	struct stream stream[STREAMS];
};

struct stride {
	uint64_t turn;
	uint64_t started, asked;
	uint32_t max; /* steps ahead */
	uint32_t reserved;
	struct region region[REGIONS];
};

static int stride_init(void **ctx)
{
	struct stride *stride = calloc(1, sizeof(*stride));

	if (!stride)
		return -ENOMEM;
	stride->max = USM_PREFETCH_WANTS_MAX;
	*ctx = stride;
	return 0;
}

/* A mapping that grew or shrank at its end is the same one. */
static struct region *region_of(struct stride *stride,
				const struct usm_fault *fault)
{
	struct region *oldest = &stride->region[0];
	uint32_t i;

	for (i = 0; i < REGIONS; i++) {
		struct region *region = &stride->region[i];

		if (region->member == fault->member &&
		    region->start == fault->vma_start)
			return region;
		if (region->turn < oldest->turn)
			oldest = region;
	}
	*oldest = (struct region){
		.member = fault->member,
		.start = fault->vma_start,
	};
	return oldest;
}

/* How many steps from its last page; 0: it is none of its pages. */
static uint32_t steps_to(const struct stream *stream, int64_t addr)
{
	int64_t distance = addr - stream->last;

	if (!stream->stride || distance % stream->stride ||
	    distance / stream->stride < 1 ||
	    distance / stream->stride > USM_PREFETCH_WANTS_MAX + 1)
		return 0;
	return (uint32_t)(distance / stream->stride);
}

/* One that foretold the page, or passed over some that are in memory. */
static struct stream *find(struct region *region, int64_t addr)
{
	uint32_t i, steps;

	for (i = 0; i < STREAMS; i++) {
		steps = steps_to(&region->stream[i], addr);
		if (steps && steps <= region->stream[i].ahead + 1)
			return &region->stream[i];
	}
	return NULL;
}

static bool remembers(const struct region *region, int64_t addr)
{
	uint32_t i;

	for (i = 0; i < HISTORY && i < region->nr; i++)
		if (region->history[i] == addr)
			return true;
	return false;
}

/* The distance at which two pages stand before this one; 0: none do. */
static int64_t stride_to(const struct region *region, int64_t addr)
{
	uint32_t i;

	for (i = 1; i <= HISTORY && i <= region->nr; i++) {
		int64_t before = region->history[(region->nr - i) % HISTORY];
		int64_t distance = addr - before;

		if (distance && labs(distance) <= STRIDE_MAX * PAGE &&
		    remembers(region, before - distance))
			return distance;
	}
	return 0;
}

/* In the place of what was not needed for longest. */
static void begin(struct region *region, int64_t addr, int64_t distance)
{
	struct stream *oldest = &region->stream[0];
	uint32_t i;

	for (i = 1; i < STREAMS; i++)
		if (region->stream[i].turn < oldest->turn)
			oldest = &region->stream[i];
	*oldest = (struct stream){
		.last = addr,
		.stride = distance,
		.turn = region->turn,
	};
}

static uint32_t depth_of(const struct stride *stride,
			 const struct stream *stream)
{
	uint32_t depth = 1U << stream->confidence;

	return depth < stride->max ? depth : stride->max;
}

static uint32_t ask(const struct region *region, struct stream *stream,
		    uint32_t depth, uint64_t *wants, uint32_t nr)
{
	uint32_t asked = 0;

	while (asked < nr && stream->ahead < depth) {
		int64_t next =
			stream->last + (stream->ahead + 1) * stream->stride;

		if (next < (int64_t)region->start ||
		    next >= (int64_t)region->end)
			break;
		wants[asked++] = (uint64_t)next;
		stream->ahead++;
	}
	return asked;
}

static uint32_t stride_fault(void *ctx, const struct usm_fault *fault,
			     uint64_t *wants, uint32_t nr)
{
	struct stride *stride = ctx;
	int64_t addr = (int64_t)fault->addr, distance;
	struct region *region;
	struct stream *stream;
	uint32_t steps, asked = 0;

	if (fault->kind != USM_FAULT_SWAPIN)
		return 0;
	region = region_of(stride, fault);
	region->turn = ++stride->turn;
	region->end = fault->vma_end;
	stream = find(region, addr);
	if (stream) {
		steps = steps_to(stream, addr);
		stream->last = addr;
		stream->turn = region->turn;
		stride->started += !stream->confidence;
		stream->ahead -= stream->ahead < steps ? stream->ahead : steps;
		if (stream->confidence < CONFIDENCE_MAX)
			stream->confidence++;
	} else {
		distance = stride_to(region, addr);
		region->history[region->nr++ % HISTORY] = addr;
		if (!distance)
			return 0;
		begin(region, addr, distance);
		return 0;
	}
	if (stream->ahead <= depth_of(stride, stream) / 2)
		asked = ask(region, stream, depth_of(stride, stream), wants,
			    nr);
	stride->asked += asked;
	return asked;
}

/* Whose page was it?  The stream that would pass there, or has passed. */
static bool passes(const struct stream *stream, int64_t addr)
{
	int64_t distance = addr - stream->last;

	return stream->stride && distance % stream->stride == 0 &&
	       labs(distance / stream->stride) <= 2 * USM_PREFETCH_WANTS_MAX;
}

static void stride_unused(void *ctx, uint32_t member, uint64_t addr)
{
	struct stride *stride = ctx;
	uint32_t i, j;

	for (i = 0; i < REGIONS; i++) {
		struct region *region = &stride->region[i];

		if (region->member != member || addr < region->start ||
		    addr >= region->end)
			continue;
		for (j = 0; j < STREAMS; j++) {
			struct stream *stream = &region->stream[j];

			if (!passes(stream, (int64_t)addr))
				continue;
			if (stream->confidence)
				stream->confidence--;
			else
				*stream = (struct stream){ 0 };
		}
	}
}

static void stride_process_exit(void *ctx, uint32_t member)
{
	struct stride *stride = ctx;
	uint32_t i;

	for (i = 0; i < REGIONS; i++)
		if (stride->region[i].member == member)
			stride->region[i] = (struct region){ 0 };
}

static int stride_config(void *ctx, const char *key, const char *value,
			 const char **why)
{
	struct stride *stride = ctx;

	return usm_prefetch_depth_config(&stride->max, key, value, why);
}

static uint32_t stride_stats(const void *ctx, struct usm_policy_stat *stats,
			     uint32_t nr)
{
	const struct stride *stride = ctx;
	const struct usm_policy_stat all[] = {
		{ "streams", stride->started },
		{ "asked", stride->asked },
	};
	uint32_t i;

	for (i = 0; i < nr && i < sizeof(all) / sizeof(all[0]); i++)
		stats[i] = all[i];
	return i;
}

const struct usm_prefetch_policy usm_prefetch_stride = {
	USM_POLICY_HEAD(struct usm_prefetch_policy),
	.name = "stride",
	.summary = "the pages that follow at the distance of the last ones",
	.init = stride_init,
	.fini = free,
	.fault = stride_fault,
	.unused = stride_unused,
	.process_exit = stride_process_exit,
	.config = stride_config,
	.stats = stride_stats,
};
