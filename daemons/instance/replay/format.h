/* SPDX-License-Identifier: MIT */
/*
 * format.h - the layout of a trace file, shared by reader and writer.
 *
 * All numbers are little-endian.  A header, then blocks: those with the runs,
 * then those with the accesses.  Every block can be read without the others.
 */
#ifndef USM_INSTANCE_REPLAY_FORMAT_H
#define USM_INSTANCE_REPLAY_FORMAT_H

#include <stdint.h>

#define USM_TRACE_MAGIC "USMTRACE"
#define USM_TRACE_VERSION 1U

struct usm_trace_header {
	char magic[8];
	uint32_t version;
	uint32_t page_bytes;
	uint32_t members;
	uint32_t runs;
	uint64_t pages;
	uint64_t accesses;
	uint32_t window;
	uint32_t reserved[4]; /* zero */
	uint32_t crc; /* of what is before it */
};

struct usm_trace_block {
	uint32_t bytes; /* of what follows: 1 to USM_TRACE_BLOCK_BYTES */
	uint32_t items; /* runs, or accesses, in it */
	uint32_t crc; /* of what follows */
};

_Static_assert(sizeof(struct usm_trace_header) == 64, "fixed by the format");
_Static_assert(sizeof(struct usm_trace_block) == 12, "fixed by the format");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "structs are read as they stand in the file");

/* Small enough that damage is found close to where it is. */
#define USM_TRACE_BLOCK_BYTES 65536U

/* Instead of a distance: the last one again, so many times. */
#define USM_TRACE_REPEAT 0U

#endif /* USM_INSTANCE_REPLAY_FORMAT_H */
