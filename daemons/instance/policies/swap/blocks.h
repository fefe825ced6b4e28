/* SPDX-License-Identifier: MIT */
/*
 * blocks.h - which parts of a store are in use: blocks of a few sizes, each in
 * a chunk of its kind.
 *
 * The idea is that of a slab allocator: sizes close enough that little is lost
 * at a block's end, chunks small enough that the last one of a size costs
 * little.  Nothing here is kept anywhere: whoever takes over marks the blocks
 * that its index names, and all others are free.  One thread.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_BLOCKS_H
#define USM_INSTANCE_POLICIES_SWAP_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

/* A place in the store is a number of units. */
#define USM_BLOCK_UNIT 64U
#define USM_CHUNK_UNITS 1024U
#define USM_CHUNK_BYTES (USM_CHUNK_UNITS * USM_BLOCK_UNIT)

/* The largest block: a page as it is, and one unit for what is said of it. */
#define USM_BLOCK_MAX (65U * USM_BLOCK_UNIT)

#define USM_BLOCK_CLASSES 24U
#define USM_BLOCK_NONE UINT64_MAX

struct usm_blocks_options {
	uint32_t nr_chunks;
	/* A chunk comes into use: memory for it.  -errno: it stays free. */
	int (*open)(void *ctx, uint32_t chunk);
	/* Nothing in it is in use any more. */
	void (*close)(void *ctx, uint32_t chunk);
	void *ctx;
};

struct usm_blocks;

/* All free.  *out belongs to the caller.  ENOMEM. */
int usm_blocks_create(const struct usm_blocks_options *options,
		      struct usm_blocks **out);

/* Frees it; NULL is fine.  No chunk is closed. */
void usm_blocks_destroy(struct usm_blocks *blocks);

/*
 * A block of at least `bytes` bytes, up to USM_BLOCK_MAX: its place, or
 * USM_BLOCK_NONE.  borrow takes a larger one than is needed, where there is
 * no other: once that is done a chunk is the harder to empty.
 */
uint64_t usm_blocks_take(struct usm_blocks *blocks, uint32_t bytes);
uint64_t usm_blocks_borrow(struct usm_blocks *blocks, uint32_t bytes);

/* Gives one back that was taken. */
void usm_blocks_give(struct usm_blocks *blocks, uint64_t place);

/*
 * A block is in use, says an index: ERANGE: there is no such place; EINVAL:
 * no block of that class can be there, or not beside those there are; EEXIST:
 * it is in use already.
 */
int usm_blocks_mark(struct usm_blocks *blocks, uint64_t place,
		    unsigned int class);

/* Class of a block in use, and the bytes blocks of a class have. */
unsigned int usm_blocks_class(const struct usm_blocks *blocks, uint64_t place);
uint32_t usm_blocks_bytes(unsigned int class);

/*
 * Emptying a chunk, so that it can hold blocks of another size.  begin picks
 * the one with the fewest bytes in use among those whose blocks fit in chunks
 * there are: false when there is none.  next says a block that is in it: to be
 * given, after it went to the place that move says.  The chunk is closed with
 * the last one.
 */
bool usm_blocks_empty_begin(struct usm_blocks *blocks, uint32_t *chunk);
bool usm_blocks_empty_next(const struct usm_blocks *blocks, uint32_t chunk,
			   uint64_t *place);
uint64_t usm_blocks_empty_move(struct usm_blocks *blocks, uint32_t chunk);

/* Left as it is after all. */
void usm_blocks_empty_end(struct usm_blocks *blocks, uint32_t chunk);

/* Chunks in use. */
uint32_t usm_blocks_chunks(const struct usm_blocks *blocks);

/* Is anything in this chunk? */
bool usm_blocks_any(const struct usm_blocks *blocks, uint32_t chunk);

#endif /* USM_INSTANCE_POLICIES_SWAP_BLOCKS_H */
