/* SPDX-License-Identifier: MIT */
/* Blocks of a compressed store: which are in use. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_kernel.h"
#include "instance/policies/swap/blocks.h"

static uint64_t random_state = 88172645463325252; /* any but 0 */

static uint32_t any(void)
{
	return (uint32_t)fake_random(&random_state);
}

#define CHUNKS 8U
#define UNITS (CHUNKS * USM_CHUNK_UNITS)
#define MODEL 4096U

static struct usm_blocks *blocks;
static bool opened[CHUNKS];
static unsigned int nr_opened;
static int open_error;

static int open_chunk(void *ctx, uint32_t chunk)
{
	(void)ctx;
	if (open_error)
		return open_error;
	cr_assert_lt(chunk, CHUNKS);
	cr_assert_not(opened[chunk]);
	opened[chunk] = true;
	nr_opened++;
	return 0;
}

static void close_chunk(void *ctx, uint32_t chunk)
{
	(void)ctx;
	cr_assert(opened[chunk]);
	opened[chunk] = false;
	nr_opened--;
}

static void make(void)
{
	const struct usm_blocks_options options = {
		.nr_chunks = CHUNKS,
		.open = open_chunk,
		.close = close_chunk,
	};

	cr_assert_eq(usm_blocks_create(&options, &blocks), 0);
}

static void end(void)
{
	usm_blocks_destroy(blocks);
}

TestSuite(blocks, .init = make, .fini = end);

/* Which block has a unit, as somebody else keeps it; 0: none. */
static uint16_t owner[UNITS];
static uint64_t place_of[MODEL];

static uint32_t units_of(uint64_t place)
{
	return usm_blocks_bytes(usm_blocks_class(blocks, place)) /
	       USM_BLOCK_UNIT;
}

static void model_take(uint32_t nr, uint64_t place, uint32_t bytes)
{
	uint32_t units = units_of(place), i;

	cr_assert_geq(units * USM_BLOCK_UNIT, bytes);
	cr_assert_leq(place % USM_CHUNK_UNITS + units, USM_CHUNK_UNITS);
	for (i = 0; i < units; i++) {
		cr_assert_eq(owner[place + i], 0);
		owner[place + i] = (uint16_t)nr;
	}
	place_of[nr] = place;
}

static void model_give(uint32_t nr)
{
	uint64_t place = place_of[nr];
	uint32_t units = units_of(place), i;

	for (i = 0; i < units; i++) {
		cr_assert_eq(owner[place + i], nr);
		owner[place + i] = 0;
	}
	usm_blocks_give(blocks, place);
	place_of[nr] = USM_BLOCK_NONE;
}

Test(blocks, never_overlap)
{
	uint64_t place;
	uint32_t round, nr, bytes, none = 0;

	random_state = 5;
	for (nr = 0; nr < MODEL; nr++)
		place_of[nr] = USM_BLOCK_NONE;
	for (round = 0; round < 60000; round++) {
		nr = 1 + any() % (MODEL - 1);
		if (place_of[nr] != USM_BLOCK_NONE) {
			model_give(nr);
			continue;
		}
		bytes = 1 + any() % USM_BLOCK_MAX;
		place = usm_blocks_take(blocks, bytes);
		if (place == USM_BLOCK_NONE)
			place = usm_blocks_borrow(blocks, bytes);
		if (place == USM_BLOCK_NONE)
			none++;
		else
			model_take(nr, place, bytes);
	}
	cr_assert_gt(none, 0);
	cr_assert_eq(usm_blocks_chunks(blocks), nr_opened);
	for (nr = 1; nr < MODEL; nr++)
		if (place_of[nr] != USM_BLOCK_NONE)
			model_give(nr);
	cr_assert_eq(nr_opened, 0);
	cr_assert_eq(usm_blocks_chunks(blocks), 0);
	cr_assert_eq(usm_blocks_take(blocks, USM_BLOCK_MAX) % USM_CHUNK_UNITS,
		     0);
}

Test(blocks, a_larger_one_can_be_borrowed)
{
	uint64_t large, first;
	uint32_t i;

	/* Every chunk has large blocks, and room for more of them. */
	for (i = 0; i < CHUNKS * 15; i++)
		first = usm_blocks_take(blocks, USM_BLOCK_MAX);
	cr_assert_neq(first, USM_BLOCK_NONE);
	cr_assert_eq(usm_blocks_take(blocks, 1), USM_BLOCK_NONE);
	usm_blocks_give(blocks, first);
	cr_assert_eq(usm_blocks_take(blocks, 1), USM_BLOCK_NONE);
	large = usm_blocks_borrow(blocks, 1);
	cr_assert_eq(large, first);
	cr_assert_eq(usm_blocks_class(blocks, large), USM_BLOCK_CLASSES - 1);
}

Test(blocks, without_memory_no_chunk_comes_into_use)
{
	open_error = -ENOMEM;
	cr_assert_eq(usm_blocks_take(blocks, 100), USM_BLOCK_NONE);
	open_error = 0;
	cr_assert_neq(usm_blocks_take(blocks, 100), USM_BLOCK_NONE);
}

Test(blocks, an_index_marks_them)
{
	uint64_t after = USM_CHUNK_UNITS;

	cr_assert_eq(usm_blocks_mark(blocks, 0, 0), 0);
	cr_assert_eq(usm_blocks_mark(blocks, 0, 0), -EEXIST);
	/* Another size in the same chunk. */
	cr_assert_eq(usm_blocks_mark(blocks, 2, 1), -EINVAL);
	cr_assert_eq(usm_blocks_mark(blocks, 1, 0), 0);
	/* Between two blocks, and one that would not end in its chunk. */
	cr_assert_eq(usm_blocks_mark(blocks, after + 3, 1), -EINVAL);
	cr_assert_eq(usm_blocks_mark(blocks, after + 15 * 65, 23), -EINVAL);
	cr_assert_eq(usm_blocks_mark(blocks, after + 14 * 65, 23), 0);
	cr_assert_eq(usm_blocks_mark(blocks, UNITS, 0), -ERANGE);
	cr_assert_eq(usm_blocks_mark(blocks, UINT64_MAX - 1, 0), -ERANGE);
	cr_assert_eq(usm_blocks_mark(blocks, 5000, USM_BLOCK_CLASSES), -EINVAL);
	cr_assert_eq(usm_blocks_chunks(blocks), 2);
	cr_assert_eq(usm_blocks_take(blocks, 64), 2);
	cr_assert(usm_blocks_any(blocks, 0));
	cr_assert_not(usm_blocks_any(blocks, 2));
}

Test(blocks, a_chunk_with_little_in_it_is_emptied)
{
	uint64_t place[30], from, to;
	uint32_t chunk, moved = 0, i;

	/* Two chunks of 15 blocks: 10 stay in the first, 3 in the second. */
	for (i = 0; i < 30; i++)
		place[i] = usm_blocks_take(blocks, USM_BLOCK_MAX);
	for (i = 0; i < 5; i++)
		usm_blocks_give(blocks, place[i]);
	for (i = 18; i < 30; i++)
		usm_blocks_give(blocks, place[i]);
	cr_assert_eq(usm_blocks_chunks(blocks), 2);
	cr_assert(usm_blocks_empty_begin(blocks, &chunk));
	cr_assert_eq(chunk, place[15] / USM_CHUNK_UNITS);
	while (usm_blocks_empty_next(blocks, chunk, &from)) {
		cr_assert_eq(from, place[15 + moved]);
		to = usm_blocks_empty_move(blocks, chunk);
		cr_assert_eq(to / USM_CHUNK_UNITS, place[0] / USM_CHUNK_UNITS);
		usm_blocks_give(blocks, from);
		moved++;
	}
	cr_assert_eq(moved, 3);
	cr_assert_eq(usm_blocks_chunks(blocks), 1);
	cr_assert_eq(nr_opened, 1);
	/* There is nowhere for those that are left. */
	cr_assert_not(usm_blocks_empty_begin(blocks, &chunk));
}

Test(blocks, emptying_may_be_given_up)
{
	uint64_t place[30], from;
	uint32_t chunk, i;

	for (i = 0; i < 30; i++)
		place[i] = usm_blocks_take(blocks, USM_BLOCK_MAX);
	for (i = 0; i < 30; i += 2)
		usm_blocks_give(blocks, place[i]);
	cr_assert(usm_blocks_empty_begin(blocks, &chunk));
	cr_assert(usm_blocks_empty_next(blocks, chunk, &from));
	usm_blocks_empty_end(blocks, chunk);
	/* Every block that was free is to be had again, and no more. */
	for (i = 0; i < 15 + 15 * (CHUNKS - 2); i++)
		cr_assert_neq(usm_blocks_take(blocks, USM_BLOCK_MAX),
			      USM_BLOCK_NONE);
	cr_assert_eq(usm_blocks_take(blocks, 1), USM_BLOCK_NONE);
}
