/* SPDX-License-Identifier: MIT */
#include "instance/replay/trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/crc32.h"
#include "instance/replay/format.h"
#include "instance/replay/varint.h"

/* The longest item: a run of three numbers. */
#define ITEM_MAX (3 * USM_VARINT_MAX)

/* Repeats shorter than this are not worth their two bytes. */
#define REPEAT_MIN 3U

struct encoder {
	FILE *out;
	struct usm_trace_block block;
	uint8_t payload[USM_TRACE_BLOCK_BYTES];
};

static void flush(struct encoder *encoder)
{
	struct usm_trace_block *block = &encoder->block;

	if (!block->items)
		return;
	block->crc = usm_crc32(encoder->payload, block->bytes);
	fwrite(block, sizeof(*block), 1, encoder->out);
	fwrite(encoder->payload, block->bytes, 1, encoder->out);
	memset(block, 0, sizeof(*block));
}

static bool full(const struct encoder *encoder)
{
	return encoder->block.bytes + ITEM_MAX > USM_TRACE_BLOCK_BYTES;
}

static void put(struct encoder *encoder, uint64_t value)
{
	struct usm_trace_block *block = &encoder->block;

	block->bytes += (uint32_t)usm_varint_put(
		encoder->payload + block->bytes, value);
}

static void put_header(struct encoder *encoder, const struct usm_trace *trace)
{
	struct usm_trace_header header = {
		.magic = USM_TRACE_MAGIC,
		.version = USM_TRACE_VERSION,
		.page_bytes = trace->page_bytes,
		.members = trace->members,
		.runs = trace->nr_runs,
		.pages = trace->nr_pages,
		.accesses = trace->nr_accesses,
		.window = trace->window,
	};

	header.crc = usm_crc32(&header, offsetof(struct usm_trace_header, crc));
	fwrite(&header, sizeof(header), 1, encoder->out);
}

static int put_runs(struct encoder *encoder, const struct usm_trace *trace)
{
	uint64_t end = 0;
	uint32_t member = 1, base = 0, i;

	for (i = 0; i < trace->nr_runs; i++) {
		const struct usm_trace_run *run = &trace->runs[i];

		if (run->member < member || run->member > trace->members ||
		    run->base != base || !run->pages)
			return -EINVAL;
		if (run->member != member || !encoder->block.items)
			end = 0;
		if (run->first < end)
			return -EINVAL;
		put(encoder, run->member);
		put(encoder, run->first - end);
		put(encoder, run->pages);
		encoder->block.items++;
		member = run->member;
		end = run->first + run->pages;
		base += run->pages;
		if (full(encoder))
			flush(encoder);
	}
	flush(encoder);
	return base == trace->nr_pages ? 0 : -EINVAL;
}

/* How many of the next accesses go on by the same distance. */
static uint32_t repeats(const struct usm_trace *trace, uint32_t at,
			int64_t distance)
{
	uint32_t nr = 0;

	for (; at < trace->nr_accesses; at++, nr++)
		if ((int64_t)trace->accesses[at] - trace->accesses[at - 1] !=
		    distance)
			break;
	return nr;
}

static int put_accesses(struct encoder *encoder, const struct usm_trace *trace)
{
	uint32_t i, nr;

	for (i = 0; i < trace->nr_accesses; i++) {
		uint32_t page = trace->accesses[i];
		int64_t before = encoder->block.items
					 ? (int64_t)trace->accesses[i - 1]
					 : -1;

		if (page >= trace->nr_pages ||
		    (i && page == trace->accesses[i - 1]))
			return -EINVAL;
		put(encoder, usm_zigzag((int64_t)page - before));
		encoder->block.items++;
		nr = repeats(trace, i + 1, (int64_t)page - before);
		if (nr >= REPEAT_MIN) {
			put(encoder, USM_TRACE_REPEAT);
			put(encoder, nr);
			encoder->block.items += nr;
			i += nr;
		}
		if (full(encoder))
			flush(encoder);
	}
	flush(encoder);
	return 0;
}

int usm_trace_encode(const struct usm_trace *trace, void **data, size_t *size)
{
	usm_auto_free struct encoder *encoder = calloc(1, sizeof(*encoder));
	char *bytes = NULL;
	size_t nr = 0;
	int err;

	if (!encoder)
		return -ENOMEM;
	encoder->out = open_memstream(&bytes, &nr);
	if (!encoder->out)
		return -errno; /* cppcheck-suppress memleak ; freed by scope */
	put_header(encoder, trace);
	err = put_runs(encoder, trace);
	if (!err)
		err = put_accesses(encoder, trace);
	if (!err && ferror(encoder->out))
		err = -ENOMEM;
	if (fclose(encoder->out) && !err)
		err = -ENOMEM;
	if (err) {
		free(bytes);
		return err;
	}
	*data = bytes;
	*size = nr;
	return 0;
}

int usm_trace_write(const struct usm_trace *trace, const char *path)
{
	usm_auto_free void *data = NULL;
	size_t size = 0;
	int err = usm_trace_encode(trace, &data, &size);
	FILE *file;

	if (err)
		return err;
	file = fopen(path, "we");
	if (!file)
		return -errno;
	if (fwrite(data, 1, size, file) != size)
		err = errno ? -errno : -EIO;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}
