/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "fake_kernel.h"
#include "common/crc32.h"
#include "instance/replay/format.h"
#include "instance/replay/trace.h"
#include "instance/replay/varint.h"
#include "usm_policy.h"

static struct usm_trace_run runs[] = {
	{ .first = 0x1000, .member = 1, .pages = 100, .base = 0 },
	{ .first = 0x7ffff7fff, .member = 1, .pages = 1, .base = 100 },
	{ .first = 0x1000, .member = 3, .pages = 50, .base = 101 },
};

#define PAGES 151
#define ACCESSES 250000

/* Scans both ways, jumps, and one page after the other: all the format has. */
static struct usm_trace make_trace(void)
{
	struct usm_trace trace = {
		.page_bytes = 4096,
		.members = 3,
		.window = 8,
		.nr_runs = 3,
		.nr_pages = PAGES,
		.nr_accesses = ACCESSES,
		.runs = runs,
		.accesses = calloc(ACCESSES, sizeof(uint32_t)),
	};
	uint64_t seed = 3;
	uint32_t i;

	cr_assert_not_null(trace.accesses);
	for (i = 1; i < ACCESSES; i++) {
		uint32_t before = trace.accesses[i - 1];

		if (i % 1000 < 700)
			trace.accesses[i] =
				i % 2000 < 1000 ? (before + 1) % PAGES
						: (before + PAGES - 2) % PAGES;
		else
			trace.accesses[i] =
				(before + 1 +
				 (uint32_t)(fake_random(&seed) % (PAGES - 1))) %
				PAGES;
	}
	return trace;
}

static void encode(const struct usm_trace *trace, uint8_t **data, size_t *size)
{
	void *bytes;

	cr_assert_eq(usm_trace_encode(trace, &bytes, size), 0);
	*data = bytes;
}

Test(trace, comes_back_as_it_was)
{
	struct usm_trace trace = make_trace(), back;
	struct usm_failure failure;
	usm_auto_free uint8_t *data = NULL;
	size_t size;

	encode(&trace, &data, &size);
	/* More than one block, and less than a number takes. */
	cr_assert_gt(size, USM_TRACE_BLOCK_BYTES);
	cr_assert_lt(size, ACCESSES);
	cr_assert_eq(usm_trace_decode(data, size, &back, &failure), 0);
	cr_assert_eq(back.members, 3);
	cr_assert_eq(back.window, 8);
	cr_assert_eq(back.nr_runs, 3);
	cr_assert_eq(back.nr_pages, PAGES);
	cr_assert(!memcmp(back.runs, runs, sizeof(runs)));
	cr_assert_eq(back.nr_accesses, ACCESSES);
	cr_assert(!memcmp(back.accesses, trace.accesses,
			  ACCESSES * sizeof(uint32_t)));
	usm_trace_fini(&back);
	free(trace.accesses);
}

Test(trace, knows_its_pages)
{
	struct usm_trace trace = { .page_bytes = 4096,
				   .nr_runs = 3,
				   .nr_pages = PAGES,
				   .runs = runs };

	cr_assert_eq(usm_trace_page_id(&trace, 0), usm_page_id(1, 0x1000000));
	cr_assert_eq(usm_trace_page_id(&trace, 99), usm_page_id(1, 0x1063000));
	cr_assert_eq(usm_trace_page_id(&trace, 100),
		     usm_page_id(1, 0x7ffff7fff000));
	cr_assert_eq(usm_trace_page_id(&trace, 150), usm_page_id(3, 0x1031000));
}

/* A short one, so that every byte of it can be tried. */
static void encode_short(uint8_t **data, size_t *size)
{
	struct usm_trace trace = make_trace();

	trace.nr_accesses = 300;
	encode(&trace, data, size);
	free(trace.accesses);
}

Test(trace, cut_off_says_where)
{
	usm_auto_free uint8_t *data = NULL;
	struct usm_failure failure;
	struct usm_trace back;
	char offset[32];
	size_t size, i;

	encode_short(&data, &size);
	for (i = 0; i < size; i++) {
		cr_assert_eq(usm_trace_decode(data, i, &back, &failure),
			     -EINVAL);
		cr_assert_eq(failure.exit, USM_EXIT_USAGE);
		snprintf(offset, sizeof(offset), "offset %zu: ", i);
		cr_assert(!strncmp(failure.text, offset, strlen(offset)),
			  "%s at %zu", failure.text, i);
	}
}

Test(trace, damage_anywhere_is_found)
{
	usm_auto_free uint8_t *data = NULL;
	struct usm_failure failure;
	struct usm_trace back;
	size_t size, i;

	encode_short(&data, &size);
	for (i = 0; i < size * 8; i++) {
		data[i / 8] ^= (uint8_t)(1 << i % 8);
		cr_assert_eq(usm_trace_decode(data, size, &back, &failure),
			     -EINVAL, "bit %zu", i);
		cr_assert_not_null(strstr(failure.text, "offset "));
		data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	cr_assert_eq(usm_trace_decode(data, size, &back, &failure), 0);
	usm_trace_fini(&back);
}

/* Checksums keep chance away, not those who compute them. */
static void seal(uint8_t *data, size_t size)
{
	size_t at = sizeof(struct usm_trace_header);
	struct usm_trace_header header;
	struct usm_trace_block block;

	memcpy(&header, data, sizeof(header));
	header.crc = usm_crc32(&header, offsetof(struct usm_trace_header, crc));
	memcpy(data, &header, sizeof(header));
	while (size - at >= sizeof(block)) {
		memcpy(&block, data + at, sizeof(block));
		at += sizeof(block);
		if (block.bytes > size - at)
			return;
		block.crc = usm_crc32(data + at, block.bytes);
		memcpy(data + at - sizeof(block), &block, sizeof(block));
		at += block.bytes;
	}
}

Test(trace, nonsense_with_good_checksums_harms_nothing)
{
	usm_auto_free uint8_t *data = NULL, *copy = NULL;
	struct usm_failure failure;
	struct usm_trace back;
	uint64_t seed = 11;
	size_t size, i;

	encode_short(&data, &size);
	copy = malloc(size);
	cr_assert_not_null(copy);
	for (i = 0; i < 20000; i++) {
		memcpy(copy, data, size);
		copy[8 + fake_random(&seed) % (size - 8)] =
			(uint8_t)fake_random(&seed);
		seal(copy, size);
		if (usm_trace_decode(copy, size, &back, &failure))
			continue;
		/* What is taken is sound. */
		cr_assert_lt(usm_trace_page_id(&back, back.nr_pages - 1),
			     UINT64_MAX);
		usm_trace_fini(&back);
	}
}

static void expect(const uint8_t *data, size_t size, const char *reason)
{
	struct usm_failure failure;
	struct usm_trace back;

	cr_assert_eq(usm_trace_decode(data, size, &back, &failure), -EINVAL);
	cr_assert_not_null(strstr(failure.text, reason), "%s", failure.text);
}

Test(trace, says_what_is_wrong)
{
	usm_auto_free uint8_t *data = NULL;
	struct usm_trace_header *header;
	size_t size;

	encode_short(&data, &size);
	header = (struct usm_trace_header *)data;
	header->version = 2;
	expect(data, size, "offset 8: version 2, this program reads 1");
	header->version = 1;
	header->page_bytes = 1000;
	seal(data, size);
	expect(data, size, "offset 12: pages of 1000 bytes");
	header->page_bytes = 4096;
	header->accesses = 1ULL << 40;
	seal(data, size);
	expect(data, size, "offset 32: 1099511627776 accesses");
	header->accesses = 301;
	seal(data, size);
	expect(data, size, "another block is missing here");
	header->accesses = 299;
	seal(data, size);
	expect(data, size, "a block of 300 items, 299 are to come");
	header->accesses = 300;
	header->pages = PAGES + 1;
	seal(data, size);
	expect(data, size, "the runs have 151 pages, the header says 152");
	header->pages = PAGES;
	header->magic[0] = 'u';
	expect(data, size, "offset 0: not a trace");
}

Test(trace, what_cannot_be_written_is_refused)
{
	struct usm_trace trace = make_trace();
	void *data;
	size_t size;

	trace.accesses[7] = trace.accesses[6];
	cr_assert_eq(usm_trace_encode(&trace, &data, &size), -EINVAL);
	trace.accesses[7] = PAGES;
	cr_assert_eq(usm_trace_encode(&trace, &data, &size), -EINVAL);
	trace.nr_accesses = 7;
	trace.nr_pages--;
	cr_assert_eq(usm_trace_encode(&trace, &data, &size), -EINVAL);
	free(trace.accesses);
}

Test(trace, is_written_to_files_and_read)
{
	struct usm_trace trace = make_trace(), back;
	struct usm_failure failure;
	char path[] = "/tmp/usm-trace-XXXXXX";
	usm_auto_fd fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(usm_trace_write(&trace, path), 0);
	cr_assert_eq(usm_trace_read(path, &back, &failure), 0);
	cr_assert_eq(back.nr_accesses, ACCESSES);
	usm_trace_fini(&back);
	cr_assert_eq(truncate(path, 70), 0);
	cr_assert_eq(usm_trace_read(path, &back, &failure), -EINVAL);
	cr_assert_not_null(strstr(failure.text, path));
	unlink(path);
	cr_assert_eq(usm_trace_read(path, &back, &failure), -ENOENT);
	cr_assert_eq(failure.exit, USM_EXIT_USAGE);
	free(trace.accesses);
}

Test(varint, ends_where_it_should)
{
	static const uint64_t values[] = {
		0, 127, 128, 16383, 16384, UINT64_MAX
	};
	uint8_t bytes[USM_VARINT_MAX + 1];
	uint64_t back = 0;
	size_t i, size;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		size = usm_varint_put(bytes, values[i]);
		cr_assert_eq(usm_varint_get(bytes, size, &back), size);
		cr_assert_eq(back, values[i]);
		cr_assert_eq(usm_varint_get(bytes, size - 1, &back), 0);
		cr_assert_eq(
			(uint64_t)usm_unzigzag(usm_zigzag((int64_t)values[i])),
			values[i]);
	}
	/* Eleven bytes, or ten with more than 64 bits. */
	memset(bytes, 0xff, sizeof(bytes));
	cr_assert_eq(usm_varint_get(bytes, sizeof(bytes), &back), 0);
	bytes[9] = 2;
	cr_assert_eq(usm_varint_get(bytes, sizeof(bytes), &back), 0);
	cr_assert_eq(usm_crc32("123456789", 9), 0xcbf43926);
}
