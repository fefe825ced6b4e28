/* SPDX-License-Identifier: MIT */
/* The swap device tiered. */
#include <criterion/criterion.h>
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "instance/policies/swap/compressed.h"
#include "instance/policies/swap/compressed_file.h"
#include "instance/policies/swap/file.h"
#include "instance/policies/swap/tiered.h"
#include "instance/policies/swap/tiers.h"
#include "packed_pages.h"

#define SLOTS 256U
#define CHUNKS 4U

Test(tiers, decide)
{
	cr_assert_eq(usm_tiers_next(0, 1), USM_TIERS_DONE);
	cr_assert_eq(usm_tiers_next(-EMSGSIZE, 1), USM_TIERS_FILE);
	cr_assert_eq(usm_tiers_next(-ENOSPC, 1), USM_TIERS_ROOM);
	cr_assert_eq(usm_tiers_next(-ENOSPC, USM_TIERS_TRIES), USM_TIERS_FILE);
	cr_assert_eq(usm_tiers_next(-EFAULT, 1), USM_TIERS_FAIL);
}

static char memory_path[64], file_path[64];
static struct usm_swap_device memory, device;
static bool memory_fresh, file_fresh;
static sem_t woken;

static void make_file(char *path, size_t size, const char *where)
{
	int fd;

	snprintf(path, size, "%s/test_tiered.XXXXXX", where);
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
}

static void wake(void *ctx)
{
	sem_post(ctx);
}

static void open_both(void)
{
	struct usm_swap_file options = {
		.path = memory_path,
		.bytes = (uint64_t)(SLOTS - 1) << USM_FRAME_SHIFT,
		.instance = "a",
		.created_ns = 42,
	};
	const struct usm_compressed_options how = {
		.codec = &usm_codec_lz4,
		.memory_max = usm_compressed_overhead(options.bytes) +
			      CHUNKS * USM_CHUNK_BYTES,
		.upper = true,
	};
	struct usm_failure failure;
	struct usm_swap_device file;

	cr_assert_eq(usm_swap_compressed_open(&options, &how, &memory,
					      &memory_fresh, &failure),
		     0);
	options.path = file_path;
	cr_assert_eq(usm_swap_file_open(&options, &file, &file_fresh, &failure),
		     0);
	cr_assert_eq(usm_swap_tiered_create(&memory, &file, &device), 0);
	cr_assert_eq(device.nr_slots, SLOTS);
	if (device.load_notify)
		cr_assert_eq(device.load_notify(device.ctx, wake, &woken), 0);
}

static void make(void)
{
	make_file(memory_path, sizeof(memory_path), "/dev/shm");
	make_file(file_path, sizeof(file_path), "/tmp");
	sem_init(&woken, 0, 0);
	open_both();
}

static void end(void)
{
	usm_swap_device_close(&device);
	unlink(memory_path);
	unlink(file_path);
}

TestSuite(tiered, .init = make, .fini = end);

static int store(uint32_t slot, uint32_t number, enum packed_shape shape)
{
	static uint32_t words[PACKED_WORDS];
	struct iovec page = { words, sizeof(words) };

	packed_page_fill(words, number, shape);
	return device.store(device.ctx, slot, &page, 1);
}

static bool is_right(const uint32_t *words, uint32_t number,
		     enum packed_shape shape)
{
	static uint32_t wanted[PACKED_WORDS];

	packed_page_fill(wanted, number, shape);
	return !memcmp(words, wanted, sizeof(wanted));
}

static void expect(uint32_t slot, uint32_t number, enum packed_shape shape)
{
	static uint32_t words[PACKED_WORDS];

	memset(words, 0xee, sizeof(words));
	cr_assert_eq(device.load(device.ctx, slot, words), 0, "slot %u", slot);
	cr_assert(is_right(words, number, shape), "slot %u", slot);
}

static bool in_memory(uint32_t slot)
{
	return usm_swap_compressed_holds(&memory, slot);
}

static uint32_t nr_in_memory(void)
{
	uint32_t slot, nr = 0;

	for (slot = 1; slot < SLOTS; slot++)
		nr += in_memory(slot);
	return nr;
}

static enum packed_shape shape_of(uint32_t number)
{
	return number % PACKED_SHAPES;
}

Test(tiered, takes_every_page_there_is_a_slot_for)
{
	uint32_t slot;

	for (slot = 1; slot < SLOTS; slot++)
		cr_assert_eq(store(slot, slot, shape_of(slot)), 0);
	for (slot = 1; slot < SLOTS; slot++)
		expect(slot, slot, shape_of(slot));
	usm_swap_device_close(&device);
	open_both();
	cr_assert_not(memory_fresh || file_fresh);
	for (slot = 1; slot < SLOTS; slot++)
		expect(slot, slot, shape_of(slot));
	/* Each over another one, wherever that is. */
	for (slot = 1; slot < SLOTS; slot++)
		cr_assert_eq(store(slot, slot + 1, shape_of(slot + 1)), 0);
	for (slot = 1; slot < SLOTS; slot++)
		expect(slot, slot + 1, shape_of(slot + 1));
}

Test(tiered, moves_the_oldest_to_the_file)
{
	uint32_t slot, oldest;

	for (slot = 1; slot < SLOTS; slot++)
		cr_assert_eq(store(slot, slot, PACKED_MIXED), 0);
	cr_assert_lt(nr_in_memory(), SLOTS / 2);
	for (oldest = 1; !in_memory(oldest); oldest++)
		;
	for (slot = oldest; slot < SLOTS; slot++)
		cr_assert(in_memory(slot), "slot %u", slot);
	/* One that is stored again is young again. */
	cr_assert_eq(store(oldest, 1000, PACKED_MIXED), 0);
	for (slot = 1; in_memory(oldest + 1); slot++)
		cr_assert_eq(store(slot, slot, PACKED_MIXED), 0);
	cr_assert(in_memory(oldest));
	expect(oldest, 1000, PACKED_MIXED);
}

Test(tiered, pages_that_do_not_pack_take_no_memory)
{
	uint32_t slot;

	for (slot = 1; slot < 20; slot++) {
		cr_assert_eq(store(slot, slot, PACKED_MIXED), 0);
		cr_assert(in_memory(slot));
		cr_assert_eq(store(slot, slot, PACKED_NOISE), 0);
		cr_assert_not(in_memory(slot));
		expect(slot, slot, PACKED_NOISE);
	}
	cr_assert_eq(nr_in_memory(), 0);
	/* Its pages are in the file, and memory must know its slots again. */
	usm_swap_device_close(&device);
	open_both();
	cr_assert_not(memory_fresh || file_fresh);
	expect(7, 7, PACKED_NOISE);
}

Test(tiered, dropped_pages_make_room)
{
	struct usm_swap_stats stats;
	uint32_t slot;

	for (slot = 1; slot < SLOTS; slot++)
		cr_assert_eq(store(slot, slot, PACKED_MIXED), 0);
	device.stats(device.ctx, &stats);
	cr_assert_str_eq(stats.device, "tiered");
	cr_assert_eq(stats.pages, nr_in_memory());
	for (slot = 0; slot <= SLOTS; slot++)
		device.drop(device.ctx, slot);
	cr_assert_eq(nr_in_memory(), 0);
	for (slot = 1; slot < 20; slot++)
		cr_assert_eq(store(slot, slot, PACKED_MIXED), 0);
	cr_assert_eq(nr_in_memory(), 19);
}

Test(tiered, a_frame_that_is_gone_is_an_error)
{
	struct iovec gone = { (void *)8, USM_FRAME_BYTES };

	cr_assert_eq(store(3, 3, PACKED_MIXED), 0);
	cr_assert_eq(store(4, 4, PACKED_NOISE), 0);
	cr_assert_eq(device.store(device.ctx, 3, &gone, 1), -EFAULT);
	cr_assert_eq(device.load(device.ctx, 3, (void *)8), -EFAULT);
	cr_assert_eq(device.load(device.ctx, 4, (void *)8), -EFAULT);
	expect(3, 3, PACKED_MIXED);
}

Test(tiered, loads_from_both_go_on_side_by_side)
{
	static uint32_t words[8][PACKED_WORDS];
	struct usm_swap_done done[8];
	uint32_t slot, over = 0, nr, i;

	if (!device.load_begin)
		cr_skip_test("no loads beside their caller here");
	for (slot = 0; slot < 8; slot++)
		cr_assert_eq(store(slot + 1, slot,
				   slot % 2 ? PACKED_NOISE : PACKED_MIXED),
			     0);
	for (slot = 0; slot < 8; slot++)
		cr_assert_eq(device.load_begin(device.ctx, slot + 1,
					       words[slot], slot),
			     0);
	while (over < 8) {
		nr = device.load_reap(device.ctx, done, 8);
		for (i = 0; i < nr; i++) {
			slot = (uint32_t)done[i].token;
			cr_assert_eq(done[i].result, 0);
			cr_assert(is_right(words[slot], slot,
					   slot % 2 ? PACKED_NOISE
						    : PACKED_MIXED));
		}
		over += nr;
		if (!nr)
			while (sem_wait(&woken))
				;
	}
}
