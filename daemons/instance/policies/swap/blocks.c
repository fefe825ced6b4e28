/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/arena/bitmap.h"

/*
 * Units of each class: at most a quarter is lost at the end of a small block
 * and a fifteenth of one above a quarter page, where most packed pages are.
 */
static const uint8_t class_units[USM_BLOCK_CLASSES] = {
	1,  2,	3,  4,	5,  6,	7,  8,	10, 12, 14, 16,
	20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 65,
};

#define NO_CHUNK UINT32_MAX

enum state {
	FREE,
	PARTIAL, /* in the list of its class */
	FULL,
	EMPTYING, /* gets no more blocks */
};

struct chunk {
	uint64_t used[USM_CHUNK_UNITS / 64]; /* by block, not by unit */
	uint32_t prev, next;
	uint16_t nr_used;
	uint8_t class;
	uint8_t state;
};

struct usm_blocks {
	struct usm_blocks_options options;
	struct chunk *chunk;
	struct usm_bitmap free;
	uint32_t nr_open;
	uint32_t partial[USM_BLOCK_CLASSES]; /* heads of lists */
	uint32_t spare[USM_BLOCK_CLASSES]; /* free blocks of chunks in them */
};

static uint32_t capacity(unsigned int class)
{
	return USM_CHUNK_UNITS / class_units[class];
}

static unsigned int class_for(uint32_t bytes)
{
	uint32_t units = (bytes + USM_BLOCK_UNIT - 1) / USM_BLOCK_UNIT;
	unsigned int class = 0;

	while (class_units[class] < units)
		class ++;
	return class;
}

static uint32_t chunk_of(uint64_t place)
{
	return (uint32_t)(place / USM_CHUNK_UNITS);
}

int usm_blocks_create(const struct usm_blocks_options *options,
		      struct usm_blocks **out)
{
	struct usm_blocks *blocks = calloc(1, sizeof(*blocks));
	uint32_t i;

	if (!blocks)
		return -ENOMEM;
	blocks->options = *options;
	blocks->chunk = calloc(options->nr_chunks ? options->nr_chunks : 1,
			       sizeof(*blocks->chunk));
	if (!blocks->chunk ||
	    usm_bitmap_init(&blocks->free, options->nr_chunks)) {
		usm_blocks_destroy(blocks);
		return -ENOMEM;
	}
	for (i = 0; i < options->nr_chunks; i++)
		usm_bitmap_set(&blocks->free, i);
	for (i = 0; i < USM_BLOCK_CLASSES; i++)
		blocks->partial[i] = NO_CHUNK;
	*out = blocks;
	return 0;
}

void usm_blocks_destroy(struct usm_blocks *blocks)
{
	if (!blocks)
		return;
	usm_bitmap_fini(&blocks->free);
	free(blocks->chunk);
	free(blocks);
}

/* ---- the lists of chunks with room ------------------------------------------ */

static void link_partial(struct usm_blocks *blocks, uint32_t nr)
{
	struct chunk *chunk = &blocks->chunk[nr];
	uint32_t first = blocks->partial[chunk->class];

	chunk->state = PARTIAL;
	chunk->prev = NO_CHUNK;
	chunk->next = first;
	if (first != NO_CHUNK)
		blocks->chunk[first].prev = nr;
	blocks->partial[chunk->class] = nr;
	blocks->spare[chunk->class] += capacity(chunk->class) - chunk->nr_used;
}

static void unlink_partial(struct usm_blocks *blocks, uint32_t nr,
			   enum state state)
{
	struct chunk *chunk = &blocks->chunk[nr];

	if (chunk->prev != NO_CHUNK)
		blocks->chunk[chunk->prev].next = chunk->next;
	else
		blocks->partial[chunk->class] = chunk->next;
	if (chunk->next != NO_CHUNK)
		blocks->chunk[chunk->next].prev = chunk->prev;
	blocks->spare[chunk->class] -= capacity(chunk->class) - chunk->nr_used;
	chunk->state = state;
}

static void make_open(struct usm_blocks *blocks, uint32_t nr,
		      unsigned int class)
{
	usm_bitmap_clear(&blocks->free, nr);
	blocks->nr_open++;
	blocks->chunk[nr].class = (uint8_t) class;
	link_partial(blocks, nr);
}

static void make_free(struct usm_blocks *blocks, uint32_t nr)
{
	blocks->chunk[nr].state = FREE;
	blocks->nr_open--;
	usm_bitmap_set(&blocks->free, nr);
	blocks->options.close(blocks->options.ctx, nr);
}

/* ---- blocks ------------------------------------------------------------------- */

static void use(struct usm_blocks *blocks, uint32_t nr, uint32_t block)
{
	struct chunk *chunk = &blocks->chunk[nr];

	chunk->used[block / 64] |= 1ULL << block % 64;
	chunk->nr_used++;
	blocks->spare[chunk->class]--;
	if (chunk->nr_used == capacity(chunk->class))
		unlink_partial(blocks, nr, FULL);
}

static uint64_t take_from(struct usm_blocks *blocks, uint32_t nr)
{
	const struct chunk *chunk = &blocks->chunk[nr];
	uint32_t word = 0, block;

	while (chunk->used[word] == UINT64_MAX)
		word++;
	block = word * 64 + (uint32_t)__builtin_ctzll(~chunk->used[word]);
	use(blocks, nr, block);
	return (uint64_t)nr * USM_CHUNK_UNITS +
	       block * class_units[chunk->class];
}

uint64_t usm_blocks_take(struct usm_blocks *blocks, uint32_t bytes)
{
	unsigned int class = class_for(bytes);
	uint32_t nr = blocks->partial[class];

	if (nr != NO_CHUNK)
		return take_from(blocks, nr);
	nr = usm_bitmap_first(&blocks->free);
	if (nr == USM_BITMAP_NONE ||
	    blocks->options.open(blocks->options.ctx, nr))
		return USM_BLOCK_NONE;
	make_open(blocks, nr, class);
	return take_from(blocks, nr);
}

uint64_t usm_blocks_borrow(struct usm_blocks *blocks, uint32_t bytes)
{
	unsigned int class;

	for (class = class_for(bytes); class < USM_BLOCK_CLASSES; class ++)
		if (blocks->partial[class] != NO_CHUNK)
			return take_from(blocks, blocks->partial[class]);
	return USM_BLOCK_NONE;
}

void usm_blocks_give(struct usm_blocks *blocks, uint64_t place)
{
	uint32_t nr = chunk_of(place);
	struct chunk *chunk = &blocks->chunk[nr];
	uint32_t block =
		(uint32_t)(place % USM_CHUNK_UNITS) / class_units[chunk->class];

	chunk->used[block / 64] &= ~(1ULL << block % 64);
	chunk->nr_used--;
	if (chunk->state == FULL)
		link_partial(blocks, nr);
	else if (chunk->state == PARTIAL)
		blocks->spare[chunk->class]++;
	if (chunk->nr_used)
		return;
	if (chunk->state == PARTIAL)
		unlink_partial(blocks, nr, FREE);
	make_free(blocks, nr);
}

int usm_blocks_mark(struct usm_blocks *blocks, uint64_t place,
		    unsigned int class)
{
	uint32_t unit = (uint32_t)(place % USM_CHUNK_UNITS), nr, block;
	const struct chunk *chunk;

	if (place / USM_CHUNK_UNITS >= blocks->options.nr_chunks)
		return -ERANGE;
	if (class >= USM_BLOCK_CLASSES || unit % class_units[class] ||
	    unit / class_units[class] >= capacity(class))
		return -EINVAL;
	nr = chunk_of(place);
	chunk = &blocks->chunk[nr];
	block = unit / class_units[class];
	if (chunk->state != FREE && chunk->class != class)
		return -EINVAL;
	if (chunk->used[block / 64] >> block % 64 & 1)
		return -EEXIST;
	if (chunk->state == FREE)
		make_open(blocks, nr, class);
	use(blocks, nr, block);
	return 0;
}

unsigned int usm_blocks_class(const struct usm_blocks *blocks, uint64_t place)
{
	return blocks->chunk[chunk_of(place)].class;
}

uint32_t usm_blocks_bytes(unsigned int class)
{
	return class_units[class] * USM_BLOCK_UNIT;
}

/* ---- emptying a chunk ----------------------------------------------------------- */

bool usm_blocks_empty_begin(struct usm_blocks *blocks, uint32_t *out)
{
	uint32_t best = NO_CHUNK, least = UINT32_MAX, nr;

	for (nr = 0; nr < blocks->options.nr_chunks; nr++) {
		const struct chunk *chunk = &blocks->chunk[nr];
		uint32_t elsewhere, bytes;

		if (chunk->state != PARTIAL)
			continue;
		elsewhere = blocks->spare[chunk->class] -
			    (capacity(chunk->class) - chunk->nr_used);
		bytes = chunk->nr_used * usm_blocks_bytes(chunk->class);
		if (elsewhere < chunk->nr_used || bytes >= least)
			continue;
		best = nr;
		least = bytes;
	}
	if (best == NO_CHUNK)
		return false;
	unlink_partial(blocks, best, EMPTYING);
	*out = best;
	return true;
}

bool usm_blocks_empty_next(const struct usm_blocks *blocks, uint32_t nr,
			   uint64_t *place)
{
	const struct chunk *chunk = &blocks->chunk[nr];
	uint32_t word, block;

	if (chunk->state != EMPTYING)
		return false;
	for (word = 0; !chunk->used[word]; word++)
		;
	block = word * 64 + (uint32_t)__builtin_ctzll(chunk->used[word]);
	*place = (uint64_t)nr * USM_CHUNK_UNITS +
		 block * class_units[chunk->class];
	return true;
}

uint64_t usm_blocks_empty_move(struct usm_blocks *blocks, uint32_t chunk)
{
	uint32_t to = blocks->partial[blocks->chunk[chunk].class];

	return to == NO_CHUNK ? USM_BLOCK_NONE : take_from(blocks, to);
}

void usm_blocks_empty_end(struct usm_blocks *blocks, uint32_t chunk)
{
	if (blocks->chunk[chunk].state == EMPTYING)
		link_partial(blocks, chunk);
}

uint32_t usm_blocks_chunks(const struct usm_blocks *blocks)
{
	return blocks->nr_open;
}

bool usm_blocks_any(const struct usm_blocks *blocks, uint32_t chunk)
{
	return blocks->chunk[chunk].state != FREE;
}
