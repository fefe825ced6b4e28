/* SPDX-License-Identifier: MIT */
/*
 * readahead: the pages behind, once two came one after the other.
 *
 * The idea of Linux's mm/readahead.c: per stream a window that begins small,
 * doubles as long as the stream goes on, and is asked for again when half of it
 * is used up, so that reading and using overlap.  Other than there every page
 * of a stream is seen, since each is a fault; no page need be marked.  A window
 * whose pages were not needed is halved.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/frame_size.h"
#include "instance/policies/prefetch/depth.h"
#include "instance/policies/prefetch/registry.h"

/* Streams at once: more than threads usually read in turns. */
#define STREAMS 16

/*
 * As many pages after the second page of a stream.  In a small mapping pages are
 * neighbours by chance, so it is not more.
 */
#define WINDOW_FIRST 2

struct stream {
	uint64_t last; /* the page that was needed last */
	uint64_t end; /* the first one that was not asked for */
	uint64_t turn; /* when it was needed */
	uint32_t member; /* 0: no stream */
	uint32_t window; /* pages; 0: it may become a stream */
};

struct readahead {
	uint64_t turn; /* counts faults */
	uint64_t started, asked;
	uint32_t max; /* pages of a window */
	struct stream stream[STREAMS];
};

static int readahead_init(void **ctx)
{
	struct readahead *readahead = calloc(1, sizeof(*readahead));

	if (!readahead)
		return -ENOMEM;
	readahead->max = USM_PREFETCH_WANTS_MAX;
	*ctx = readahead;
	return 0;
}

/*
 * Does the page continue the stream?  One that is known by a single page only
 * by its neighbour; another one also where pages were passed over that are in
 * memory.  Pages just behind are those of threads that were overtaken.
 */
static bool belongs(const struct stream *stream, uint32_t member, uint64_t addr)
{
	uint64_t behind = stream->window * USM_FRAME_BYTES;

	if (stream->member != member)
		return false;
	if (!stream->window)
		return addr == stream->last + USM_FRAME_BYTES;
	return addr + behind > stream->last && addr <= stream->end;
}

static struct stream *find(struct readahead *readahead, uint32_t member,
			   uint64_t addr)
{
	uint32_t i;

	for (i = 0; i < STREAMS; i++)
		if (belongs(&readahead->stream[i], member, addr))
			return &readahead->stream[i];
	return NULL;
}

/* In the place of what was not needed for longest. */
static void begin(struct readahead *readahead, const struct usm_fault *fault)
{
	struct stream *oldest = &readahead->stream[0];
	uint32_t i;

	for (i = 1; i < STREAMS; i++)
		if (readahead->stream[i].turn < oldest->turn)
			oldest = &readahead->stream[i];
	*oldest = (struct stream){
		.member = fault->member,
		.last = fault->addr,
		.end = fault->addr + USM_FRAME_BYTES,
		.turn = readahead->turn,
	};
}

/* Asks from where it stopped to the end of the window behind the last page. */
static uint32_t ask(struct stream *stream, uint64_t vma_end, uint64_t *wants,
		    uint32_t nr)
{
	uint64_t next = stream->last + USM_FRAME_BYTES;
	uint64_t end = next + stream->window * USM_FRAME_BYTES;
	uint32_t asked = 0;

	if (stream->end > next)
		next = stream->end;
	if (end > vma_end)
		end = vma_end;
	for (; asked < nr && next < end; next += USM_FRAME_BYTES)
		wants[asked++] = next;
	stream->end = next;
	return asked;
}

/* Half of what was asked for is left: it is time for more. */
static bool is_due(const struct stream *stream)
{
	uint64_t left = (stream->end - stream->last) / USM_FRAME_BYTES - 1;

	return left <= stream->window / 2;
}

static uint32_t readahead_fault(void *ctx, const struct usm_fault *fault,
				uint64_t *wants, uint32_t nr)
{
	struct readahead *readahead = ctx;
	struct stream *stream;
	uint32_t asked;

	if (fault->kind != USM_FAULT_SWAPIN)
		return 0;
	readahead->turn++;
	stream = find(readahead, fault->member, fault->addr);
	if (!stream) {
		begin(readahead, fault);
		return 0;
	}
	stream->turn = readahead->turn;
	if (fault->addr <= stream->last)
		return 0;
	stream->last = fault->addr;
	if (stream->end <= fault->addr)
		stream->end = fault->addr + USM_FRAME_BYTES;
	if (!nr || !is_due(stream))
		return 0;
	if (!stream->window)
		readahead->started++;
	stream->window = stream->window ? stream->window * 2 : WINDOW_FIRST;
	if (stream->window > readahead->max)
		stream->window = readahead->max;
	asked = ask(stream, fault->vma_end, wants, nr);
	readahead->asked += asked;
	return asked;
}

static void readahead_unused(void *ctx, uint32_t member, uint64_t addr)
{
	struct stream *stream = find(ctx, member, addr);

	if (stream)
		stream->window /= 2;
}

static void readahead_process_exit(void *ctx, uint32_t member)
{
	struct readahead *readahead = ctx;
	uint32_t i;

	for (i = 0; i < STREAMS; i++)
		if (readahead->stream[i].member == member)
			readahead->stream[i] = (struct stream){ 0 };
}

static int readahead_config(void *ctx, const char *key, const char *value,
			    const char **why)
{
	struct readahead *readahead = ctx;

	return usm_prefetch_depth_config(&readahead->max, key, value, why);
}

static uint32_t readahead_stats(const void *ctx, struct usm_policy_stat *stats,
				uint32_t nr)
{
	const struct readahead *readahead = ctx;
	const struct usm_policy_stat all[] = {
		{ "streams", readahead->started },
		{ "asked", readahead->asked },
	};
	uint32_t i;

	for (i = 0; i < nr && i < sizeof(all) / sizeof(all[0]); i++)
		stats[i] = all[i];
	return i;
}

const struct usm_prefetch_policy usm_prefetch_readahead = {
	USM_POLICY_HEAD(struct usm_prefetch_policy),
	.name = "readahead",
	.summary = "the pages behind, once two came one after the other",
	.init = readahead_init,
	.fini = free,
	.fault = readahead_fault,
	.unused = readahead_unused,
	.process_exit = readahead_process_exit,
	.config = readahead_config,
	.stats = readahead_stats,
};
