/* SPDX-License-Identifier: MIT */
/*
 * compressed_file.h - the file a compressed store lives in, and its layout.
 *
 *   0                header (header.h)
 *   one page on      the index: a word per slot (compressed_entry.h)
 *   64 GiB on        chunks of blocks (blocks.h)
 *
 * A file of a tmpfs: memory that outlives its process.  What is not in use has
 * no memory behind it, so the distance costs nothing, and both parts can grow.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_COMPRESSED_FILE_H
#define USM_INSTANCE_POLICIES_SWAP_COMPRESSED_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "instance/failure.h"
#include "instance/policies/swap/blocks.h"
#include "instance/policies/swap/codec.h"
#include "instance/policies/swap/header.h"

/* In front of what a block holds. */
struct usm_block_header {
	uint32_t sum; /* usm_checksum() of slot and content */
	uint32_t slot;
};

struct usm_compressed_file {
	int fd;
	uint32_t nr_slots;
	uint32_t nr_chunks;
	uint64_t *index; /* [nr_slots], shared with the file */
	char *data; /* nr_chunks * USM_CHUNK_BYTES of it */
};

/* What a store of so many bytes of pages needs before it holds one. */
uint64_t usm_compressed_overhead(uint64_t bytes);

/*
 * Opens it as usm_swap_header_open() does, room for options->bytes of pages in
 * memory_max bytes of memory, overhead included.  One that holds pages of this
 * life may become larger, not smaller, and keeps its codec.  *out is the
 * caller's.
 */
int usm_compressed_file_open(const struct usm_swap_file *options,
			     const struct usm_codec *codec, uint64_t memory_max,
			     struct usm_compressed_file *out, bool *fresh,
			     struct usm_failure *failure);

/*
 * Gives all its memory back: the next to open it finds a fresh one.  It must
 * not be touched any more but to be closed.  -errno: it stays as it is.
 */
int usm_compressed_file_clear(struct usm_compressed_file *file);

/* Closes it; one that is zeroed is fine. */
void usm_compressed_file_close(struct usm_compressed_file *file);

/*
 * Memory for a chunk, so that touching it cannot fail later; and back again.
 * -ENOSPC: the tmpfs is full; -ENOMEM: the machine or the cgroup is.
 */
int usm_compressed_file_fill(struct usm_compressed_file *file, uint32_t chunk);
void usm_compressed_file_punch(struct usm_compressed_file *file, uint32_t chunk,
			       uint32_t nr);

/* Where a block is. */
struct usm_block_header *
usm_compressed_block(const struct usm_compressed_file *file, uint64_t place);

/* The offset of what it holds. */
off_t usm_compressed_offset(uint64_t place);

#endif /* USM_INSTANCE_POLICIES_SWAP_COMPRESSED_FILE_H */
