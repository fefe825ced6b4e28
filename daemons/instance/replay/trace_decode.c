/* SPDX-License-Identifier: MIT */
#include "instance/replay/trace.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/crc32.h"
#include "instance/replay/format.h"
#include "instance/replay/varint.h"

/* A file is not read beyond what the largest trace could need. */
#define FILE_BYTES_MAX (1UL << 30)

/* What is read from a file at once. */
#define READ_BYTES (1UL << 16)

struct decoder {
	const uint8_t *data;
	size_t size;
	size_t at; /* what is read next */
	size_t block_end;
	uint32_t left; /* items of this block to come */
	struct usm_trace trace;
	uint32_t nr_runs, nr_accesses; /* so far */
	struct usm_failure *failure;
};

static int wrong(const struct decoder *decoder, size_t offset,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

static int wrong(const struct decoder *decoder, size_t offset,
		 const char *format, ...)
{
	char reason[USM_FAILURE_SIZE / 2];
	va_list args;

	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return usm_fail(decoder->failure, USM_EXIT_USAGE, EINVAL,
			"offset %zu: %s", offset, reason);
}

static int check_header(struct decoder *decoder,
			const struct usm_trace_header *header)
{
	unsigned int i;

	if (memcmp(header->magic, USM_TRACE_MAGIC, sizeof(header->magic)) != 0)
		return wrong(decoder, 0, "not a trace");
	if (header->version != USM_TRACE_VERSION)
		return wrong(decoder,
			     offsetof(struct usm_trace_header, version),
			     "version %" PRIu32 ", this program reads %u",
			     header->version, USM_TRACE_VERSION);
	if (header->crc !=
	    usm_crc32(header, offsetof(struct usm_trace_header, crc)))
		return wrong(decoder, offsetof(struct usm_trace_header, crc),
			     "the header is damaged (checksum)");
	if (!header->page_bytes ||
	    header->page_bytes & (header->page_bytes - 1))
		return wrong(decoder,
			     offsetof(struct usm_trace_header, page_bytes),
			     "pages of %" PRIu32 " bytes: not a power of two",
			     header->page_bytes);
	if (!header->pages || header->pages > USM_TRACE_PAGES_MAX ||
	    header->runs > header->pages || !header->runs)
		return wrong(decoder, offsetof(struct usm_trace_header, runs),
			     "%" PRIu64 " pages in %" PRIu32
			     " runs: 1 to %u pages are possible",
			     header->pages, header->runs, USM_TRACE_PAGES_MAX);
	if (!header->accesses || header->accesses > USM_TRACE_ACCESSES_MAX)
		return wrong(decoder,
			     offsetof(struct usm_trace_header, accesses),
			     "%" PRIu64 " accesses: 1 to %u are possible",
			     header->accesses, USM_TRACE_ACCESSES_MAX);
	for (i = 0; i < 4; i++)
		if (header->reserved[i])
			return wrong(
				decoder,
				offsetof(struct usm_trace_header, reserved),
				"reserved, but not zero");
	return 0;
}

static int read_header(struct decoder *decoder)
{
	struct usm_trace *trace = &decoder->trace;
	struct usm_trace_header header;
	int err;

	if (decoder->size < sizeof(header))
		return wrong(decoder, decoder->size,
			     "ends inside of the header");
	memcpy(&header, decoder->data, sizeof(header));
	err = check_header(decoder, &header);
	if (err)
		return err;
	decoder->at = sizeof(header);
	trace->page_bytes = header.page_bytes;
	trace->members = header.members;
	trace->window = header.window;
	trace->nr_runs = header.runs;
	trace->nr_pages = (uint32_t)header.pages;
	trace->nr_accesses = (uint32_t)header.accesses;
	trace->runs = calloc(trace->nr_runs, sizeof(*trace->runs));
	trace->accesses = calloc(trace->nr_accesses, sizeof(uint32_t));
	return trace->runs && trace->accesses
		       ? 0
		       : usm_fail(decoder->failure, USM_EXIT_FAILED, ENOMEM,
				  "out of memory");
}

/* Goes on to the next block, of which `most` items at most are expected. */
static int next_block(struct decoder *decoder, uint32_t most)
{
	struct usm_trace_block block;
	size_t start = decoder->at, left = decoder->size - start;

	if (left < sizeof(block))
		return wrong(decoder, decoder->size,
			     "cut off, another block is missing here");
	memcpy(&block, decoder->data + start, sizeof(block));
	if (!block.bytes || block.bytes > USM_TRACE_BLOCK_BYTES)
		return wrong(decoder, start,
			     "a block of %" PRIu32
			     " bytes: 1 to %u are possible",
			     block.bytes, USM_TRACE_BLOCK_BYTES);
	if (block.bytes > left - sizeof(block))
		return wrong(decoder, decoder->size,
			     "cut off inside of the block at %zu", start);
	decoder->at += sizeof(block);
	if (block.crc != usm_crc32(decoder->data + decoder->at, block.bytes))
		return wrong(decoder, start,
			     "this block is damaged (checksum)");
	if (!block.items || block.items > most)
		return wrong(decoder, start,
			     "a block of %" PRIu32 " items, %" PRIu32
			     " are to come",
			     block.items, most);
	decoder->block_end = decoder->at + block.bytes;
	decoder->left = block.items;
	return 0;
}

static int get(struct decoder *decoder, uint64_t *value)
{
	size_t got = usm_varint_get(decoder->data + decoder->at,
				    decoder->block_end - decoder->at, value);

	decoder->at += got;
	return got ? 0
		   : wrong(decoder, decoder->at,
			   "not a number, or the block ends inside of it");
}

static int end_block(const struct decoder *decoder)
{
	if (decoder->at != decoder->block_end)
		return wrong(decoder, decoder->at,
			     "more in this block than its items");
	return 0;
}

/* The page after it, in address order; 0: it is the first of its member. */
static uint64_t end_of(const struct usm_trace_run *run, uint32_t member)
{
	return run && run->member == member ? run->first + run->pages : 0;
}

static int read_run(struct decoder *decoder, bool first_of_block)
{
	struct usm_trace *trace = &decoder->trace;
	struct usm_trace_run *run = &trace->runs[decoder->nr_runs];
	const struct usm_trace_run *before = decoder->nr_runs ? run - 1 : NULL;
	uint64_t last_page = UINT64_MAX / trace->page_bytes;
	uint32_t base = before ? before->base + before->pages : 0;
	uint64_t member, gap, pages, end;
	size_t start = decoder->at;

	if (get(decoder, &member) || get(decoder, &gap) || get(decoder, &pages))
		return -EINVAL;
	if (!member || member > trace->members ||
	    (before && member < before->member))
		return wrong(decoder, start,
			     "a run of member %" PRIu64 " of %" PRIu32
			     ", or out of order",
			     member, trace->members);
	end = end_of(before, (uint32_t)member);
	if (!first_of_block)
		gap = gap > last_page - end ? UINT64_MAX : gap + end;
	if (!pages || pages > trace->nr_pages - base || gap < end ||
	    gap > last_page || pages > last_page - gap)
		return wrong(decoder, start,
			     "a run of %" PRIu64 " pages: %" PRIu32
			     " are to come, in order of address",
			     pages, trace->nr_pages - base);
	run->member = (uint32_t)member;
	run->first = gap;
	run->pages = (uint32_t)pages;
	run->base = base;
	decoder->nr_runs++;
	return 0;
}

static int read_runs(struct decoder *decoder)
{
	const struct usm_trace *trace = &decoder->trace;
	const struct usm_trace_run *last = &trace->runs[trace->nr_runs - 1];
	bool first;
	int err = 0;

	assert(trace->runs);
	while (!err && decoder->nr_runs < trace->nr_runs) {
		err = next_block(decoder, trace->nr_runs - decoder->nr_runs);
		for (first = true; !err && decoder->left; first = false) {
			err = read_run(decoder, first);
			decoder->left--;
		}
		if (!err)
			err = end_block(decoder);
	}
	if (!err && last->base + last->pages != trace->nr_pages)
		err = wrong(decoder, decoder->at,
			    "the runs have %" PRIu32
			    " pages, the header says %" PRIu32,
			    last->base + last->pages, trace->nr_pages);
	return err;
}

/* `times` accesses, each `distance` pages after the one before. */
static int step(struct decoder *decoder, int64_t page, int64_t distance,
		uint64_t times, size_t start)
{
	struct usm_trace *trace = &decoder->trace;

	if (!times || times > decoder->left)
		return wrong(decoder, start,
			     "%" PRIu64 " accesses, %" PRIu32
			     " are to come in this block",
			     times, decoder->left);
	decoder->left -= (uint32_t)times;
	while (times--) {
		if (distance < -(int64_t)trace->nr_pages ||
		    distance > (int64_t)trace->nr_pages ||
		    page + distance < 0 ||
		    page + distance >= (int64_t)trace->nr_pages)
			return wrong(decoder, start,
				     "an access to a page that is not one of "
				     "the %" PRIu32,
				     trace->nr_pages);
		page += distance;
		trace->accesses[decoder->nr_accesses++] = (uint32_t)page;
	}
	return 0;
}

static int read_access_block(struct decoder *decoder)
{
	const struct usm_trace *trace = &decoder->trace;
	int64_t distance = 0;
	bool first = true;
	int err = 0;

	while (!err && decoder->left) {
		size_t start = decoder->at;
		uint64_t value, times = 1;
		int64_t page = -1;

		if (!first)
			page = trace->accesses[decoder->nr_accesses - 1];
		err = get(decoder, &value);
		if (!err && value == USM_TRACE_REPEAT)
			err = distance ? get(decoder, &times)
				       : wrong(decoder, start,
					       "nothing to repeat");
		else if (!err)
			distance = usm_unzigzag(value);
		if (!err)
			err = step(decoder, page, distance, times, start);
		first = false;
	}
	return err ? err : end_block(decoder);
}

static int read_accesses(struct decoder *decoder)
{
	const struct usm_trace *trace = &decoder->trace;
	int err = 0;

	while (!err && decoder->nr_accesses < trace->nr_accesses) {
		err = next_block(decoder,
				 trace->nr_accesses - decoder->nr_accesses);
		if (!err)
			err = read_access_block(decoder);
	}
	if (!err && decoder->at != decoder->size)
		err = wrong(decoder, decoder->at, "more than the trace");
	return err;
}

int usm_trace_decode(const void *data, size_t size, struct usm_trace *out,
		     struct usm_failure *failure)
{
	struct decoder decoder = {
		.data = data,
		.size = size,
		.failure = failure,
	};
	int err = read_header(&decoder);

	if (!err)
		err = read_runs(&decoder);
	if (!err)
		err = read_accesses(&decoder);
	if (err)
		usm_trace_fini(&decoder.trace);
	else
		*out = decoder.trace;
	return err;
}

static int read_file(FILE *file, char **data, size_t *size)
{
	usm_auto_free char *bytes = NULL;
	size_t room = 0, got = 0;

	while (!feof(file)) {
		char *more;

		if (got == FILE_BYTES_MAX)
			return -EFBIG;
		if (got == room) {
			room = room ? 2 * room : READ_BYTES;
			more = realloc(bytes, room);
			if (!more)
				return -ENOMEM;
			bytes = more;
		}
		got += fread(bytes + got, 1, room - got, file);
		if (ferror(file))
			return errno ? -errno : -EIO;
	}
	*data = bytes;
	*size = got;
	bytes = NULL;
	return 0;
}

int usm_trace_read(const char *path, struct usm_trace *out,
		   struct usm_failure *failure)
{
	struct usm_failure why = { .exit = USM_EXIT_USAGE };
	usm_auto_file file = fopen(path, "re");
	usm_auto_free char *data = NULL;
	size_t size = 0;
	int err = file ? read_file(file, &data, &size) : -errno;

	if (err)
		return usm_fail(failure, USM_EXIT_USAGE, -err, "%s: %s", path,
				strerror(-err));
	err = usm_trace_decode(data, size, out, &why);
	if (err)
		usm_fail(failure, why.exit, -err, "%s: %s", path, why.text);
	return err;
}
