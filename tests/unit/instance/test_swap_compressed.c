/* SPDX-License-Identifier: MIT */
/* The swap devices lz4 and zstd. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "common/client.h"
#include "instance/policies/swap/compressed.h"
#include "instance/policies/swap/compressed_entry.h"
#include "instance/policies/swap/compressed_file.h"
#include "packed_pages.h"

static uint64_t random_state = 88172645463325252; /* any but 0 */

static uint32_t any(void)
{
	return (uint32_t)fake_random(&random_state);
}

#define SLOTS 256U
#define WORDS PACKED_WORDS
#define MEMORY (16U << 20)

/* Where a test may write to the index of a closed store. */
#define INDEX_AT USM_FRAME_BYTES

static const struct usm_codec *const codecs[] = { &usm_codec_lz4,
						  &usm_codec_zstd };

static char path[64];
static struct usm_swap_file options;
static uint64_t memory_max;
static const struct usm_codec *codec;
static struct usm_swap_device device;
static struct usm_failure failure;
static bool fresh;

static void make_path(void)
{
	int fd;

	snprintf(path, sizeof(path), "/dev/shm/test_packed.XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	options = (struct usm_swap_file){
		.path = path,
		.bytes = (uint64_t)(SLOTS - 1) << USM_FRAME_SHIFT,
		.instance = "a",
		.created_ns = 42,
	};
	memory_max = MEMORY;
	codec = &usm_codec_lz4;
}

static void remove_path(void)
{
	usm_swap_device_close(&device);
	unlink(path);
}

TestSuite(compressed, .init = make_path, .fini = remove_path);

static int open_store(void)
{
	const struct usm_compressed_options how = {
		.codec = codec,
		.memory_max = memory_max,
	};

	return usm_swap_compressed_open(&options, &how, &device, &fresh,
					&failure);
}

static void must_open(void)
{
	cr_assert_eq(open_store(), 0, "%s", failure.text);
}

static int store(uint32_t slot, uint32_t number, enum packed_shape shape)
{
	static uint32_t words[WORDS];
	struct iovec page = { words, sizeof(words) };

	packed_page_fill(words, number, shape);
	return device.store(device.ctx, slot, &page, 1);
}

static void expect(uint32_t slot, uint32_t number, enum packed_shape shape)
{
	static uint32_t words[WORDS], wanted[WORDS];

	memset(words, 0xee, sizeof(words));
	packed_page_fill(wanted, number, shape);
	cr_assert_eq(device.load(device.ctx, slot, words), 0, "slot %u", slot);
	cr_assert_eq(memcmp(words, wanted, sizeof(words)), 0, "slot %u", slot);
}

static struct usm_swap_stats stats(void)
{
	struct usm_swap_stats out;

	device.stats(device.ctx, &out);
	return out;
}

Test(compressed, keeps_pages_of_every_kind_over_a_restart)
{
	for (size_t c = 0; c < 2; c++) {
		uint32_t slot;

		codec = codecs[c];
		options.created_ns++;
		must_open();
		cr_assert(fresh);
		cr_assert_eq(device.nr_slots, SLOTS);
		cr_assert_null(device.load_begin);
		for (slot = 1; slot < SLOTS; slot++)
			cr_assert_eq(store(slot, slot, slot % PACKED_SHAPES),
				     0);
		for (slot = 1; slot < SLOTS; slot++)
			expect(slot, slot, slot % PACKED_SHAPES);
		cr_assert_eq(stats().pages, SLOTS - 1);
		cr_assert_eq(stats().same, SLOTS / 4 - 1);
		cr_assert_eq(stats().raw, SLOTS / 4);
		cr_assert_str_eq(stats().device, codec->name);
		usm_swap_device_close(&device);

		must_open();
		cr_assert_not(fresh);
		for (slot = 1; slot < SLOTS; slot++)
			expect(slot, slot, slot % PACKED_SHAPES);
		cr_assert_eq(stats().pages, SLOTS - 1);
		/* Used again, in every direction. */
		for (slot = 1; slot < SLOTS; slot++)
			cr_assert_eq(
				store(slot, slot + 1000,
				      (slot + 1 + slot / 7) % PACKED_SHAPES),
				0);
		for (slot = 1; slot < SLOTS; slot++)
			expect(slot, slot + 1000,
			       (slot + 1 + slot / 7) % PACKED_SHAPES);
		usm_swap_device_close(&device);
	}
}

/* So that nothing of it is left when its daemon is killed. */
Test(compressed, works_without_a_name)
{
	options.nameless = true;
	must_open();
	cr_assert_eq(access(path, F_OK), -1);
	cr_assert_eq(errno, ENOENT);
	cr_assert_eq(store(3, 3, 0), 0);
	expect(3, 3, 0);
}

Test(compressed, stores_a_row_of_any_length)
{
	static uint32_t words[100][WORDS];
	struct iovec pages[100];
	uint32_t i;

	must_open();
	for (i = 0; i < 100; i++) {
		packed_page_fill(words[i], i, i % PACKED_SHAPES);
		pages[i] = (struct iovec){ words[i], sizeof(words[i]) };
	}
	cr_assert_eq(device.store(device.ctx, 7, pages, 100), 0);
	for (i = 0; i < 100; i++)
		expect(7 + i, i, i % PACKED_SHAPES);
	cr_assert_eq(stats().pages, 100);
}

/* As frames that left the partition: an error, and nothing is lost. */
Test(compressed, frames_that_are_gone_are_errors)
{
	static uint32_t words[WORDS];
	struct iovec pages[2] = { { words, sizeof(words) },
				  { (void *)8, sizeof(words) } };

	must_open();
	cr_assert_eq(store(3, 3, PACKED_MIXED), 0);
	cr_assert_eq(store(4, 4, PACKED_SAME), 0);
	cr_assert_eq(store(5, 5, PACKED_NOISE), 0);
	cr_assert_eq(device.store(device.ctx, 3, pages, 2), -EFAULT);
	cr_assert_eq(device.load(device.ctx, 3, (void *)8), -EFAULT);
	cr_assert_eq(device.load(device.ctx, 4, (void *)8), -EFAULT);
	cr_assert_eq(device.load(device.ctx, 5, (void *)8), -EFAULT);
	expect(5, 5, PACKED_NOISE);
}

Test(compressed, what_was_not_stored_is_not_there)
{
	static uint32_t words[WORDS];

	must_open();
	cr_assert_eq(device.load(device.ctx, 9, words), -EIO);
	cr_assert_eq(device.load(device.ctx, SLOTS, words), -EIO);
	cr_assert_eq(store(9, 9, PACKED_TEXT), 0);
	device.drop(device.ctx, 9);
	device.drop(device.ctx, 9);
	device.drop(device.ctx, 0);
	device.drop(device.ctx, SLOTS);
	cr_assert_eq(device.load(device.ctx, 9, words), -EIO);
	cr_assert_eq(stats().pages, 0);
	/* The device's own slot: something, and no page. */
	cr_assert_eq(device.load(device.ctx, 0, words), 0);
	cr_assert_neq(words[0], 0);
}

static uint64_t memory_of_file(void)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

Test(compressed, dropped_pages_take_no_memory)
{
	uint64_t empty, full;
	uint32_t slot;

	must_open();
	empty = memory_of_file();
	cr_assert_leq(empty, stats().memory);
	for (slot = 1; slot < SLOTS; slot++)
		cr_assert_eq(store(slot, slot, PACKED_NOISE), 0);
	full = memory_of_file();
	cr_assert_gt(full, empty + (SLOTS - 1) * USM_FRAME_BYTES);
	cr_assert_leq(full, stats().memory);
	for (slot = 1; slot < SLOTS; slot++)
		device.drop(device.ctx, slot);
	cr_assert_eq(memory_of_file(), empty);
	usm_swap_device_close(&device);
	cr_assert_eq(memory_of_file(), 0);
}

Test(compressed, pages_full_of_one_word_take_no_memory)
{
	uint64_t before;
	uint32_t slot;

	must_open();
	before = stats().memory;
	for (slot = 1; slot < SLOTS; slot++)
		cr_assert_eq(store(slot, slot * 0x123456, PACKED_SAME), 0);
	cr_assert_eq(stats().memory, before);
	cr_assert_eq(stats().bytes, 0);
	expect(200, 200 * 0x123456, PACKED_SAME);
}

/* No more than it may take; what is in it stays; dropping makes room. */
Test(compressed, full_is_an_error_that_passes)
{
	uint32_t slot, stored;
	int err = 0;

	memory_max =
		usm_compressed_overhead(options.bytes) + 4 * USM_CHUNK_BYTES;
	must_open();
	for (stored = 1; stored < SLOTS && !err; stored++)
		err = store(stored, stored, PACKED_NOISE);
	cr_assert_eq(err, -ENOSPC);
	stored -= 2;
	cr_assert_eq(stored, 4 * 15);
	cr_assert_leq(memory_of_file(), memory_max);
	for (slot = 1; slot <= stored; slot++)
		expect(slot, slot, PACKED_NOISE);
	/* Replacing needs room for both: this one is as it was. */
	cr_assert_eq(store(1, 1000, PACKED_NOISE), -ENOSPC);
	expect(1, 1, PACKED_NOISE);
	/* But not to store what is there. */
	cr_assert_eq(store(1, 1, PACKED_NOISE), 0);
	device.drop(device.ctx, 2);
	cr_assert_eq(store(1, 1000, PACKED_NOISE), 0);
	expect(1, 1000, PACKED_NOISE);
	/* What needs no block can always be stored. */
	cr_assert_eq(store(2, 2, PACKED_SAME), 0);
	cr_assert_eq(store(200, 2, PACKED_SAME), 0);
	/* The one block that is left, and none. */
	cr_assert_eq(store(201, 2, PACKED_TEXT), 0);
	cr_assert_eq(store(202, 2, PACKED_TEXT), -ENOSPC);
}

/*
 * The tmpfs may be smaller than what was configured, or others fill it: that
 * is an error as well, and no signal.
 */
Test(compressed, a_full_tmpfs_is_an_error)
{
	char dir[] = "/tmp/test_tmpfs.XXXXXX", where[80];
	uint32_t stored;
	int err = 0;

	cr_assert_not_null(mkdtemp(dir));
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("test", dir, "tmpfs", 0, "size=512k")) {
		rmdir(dir);
		cr_skip_test("needs the right to mount");
	}
	snprintf(where, sizeof(where), "%s/packed", dir);
	options.path = where;
	must_open();
	for (stored = 1; stored < SLOTS && !err; stored++)
		err = store(stored, stored, PACKED_NOISE);
	cr_assert_eq(err, -ENOSPC);
	stored -= 2;
	cr_assert_gt(stored, 15);
	for (; stored; stored--)
		expect(stored, stored, PACKED_NOISE);
	device.drop(device.ctx, 1);
	cr_assert_eq(store(2, 200, PACKED_NOISE), 0);
	usm_swap_device_close(&device);
	must_open();
	cr_assert_not(fresh);
	expect(2, 200, PACKED_NOISE);
	usm_swap_device_close(&device);
	/* Not even the index finds room. */
	options.bytes = 1ULL << 30;
	options.created_ns++;
	memory_max = 1ULL << 30;
	cr_assert_eq(open_store(), -ENOSPC);
	cr_assert(strstr(failure.text, "swap.size: "));
	cr_assert_neq(access(where, F_OK), 0, "and nothing is left behind");
	umount(dir);
	rmdir(dir);
}

/* Chunks with a few blocks of one size must not keep others out. */
Test(compressed, room_goes_to_the_size_that_needs_it)
{
	uint32_t slot;

	memory_max =
		usm_compressed_overhead(options.bytes) + 3 * USM_CHUNK_BYTES;
	must_open();
	for (slot = 1; slot <= 45; slot++)
		cr_assert_eq(store(slot, slot, PACKED_NOISE), 0);
	/* Five are left in each of three chunks. */
	for (slot = 1; slot <= 45; slot++)
		if (slot % 3)
			device.drop(device.ctx, slot);
	/* More of the small ones than free large blocks. */
	for (slot = 100; slot < 200; slot++)
		cr_assert_eq(store(slot, slot, PACKED_TEXT), 0, "slot %u",
			     slot);
	for (slot = 3; slot <= 45; slot += 3)
		expect(slot, slot, PACKED_NOISE);
	for (slot = 100; slot < 200; slot++)
		expect(slot, slot, PACKED_TEXT);
}

/* ---- other files, other sizes ------------------------------------------------- */

Test(compressed, may_grow_and_not_shrink)
{
	must_open();
	cr_assert_eq(store(SLOTS - 1, 5, PACKED_MIXED), 0);
	usm_swap_device_close(&device);
	options.bytes *= 2;
	memory_max *= 2;
	must_open();
	cr_assert_not(fresh);
	expect(SLOTS - 1, 5, PACKED_MIXED);
	cr_assert_eq(store(2 * SLOTS - 2, 6, PACKED_MIXED), 0);
	usm_swap_device_close(&device);
	options.bytes /= 2;
	cr_assert_eq(open_store(), -ERANGE);
	cr_assert(strstr(failure.text, "swap.size: "));
	options.bytes *= 2;
	memory_max /= 2;
	cr_assert_eq(open_store(), -ERANGE);
	cr_assert(strstr(failure.text, "swap.memory_max: "));
	memory_max *= 2;
	codec = &usm_codec_zstd;
	cr_assert_eq(open_store(), -EEXIST);
	cr_assert(strstr(failure.text, "swap.device: "));
	codec = &usm_codec_lz4;
	must_open();
	expect(2 * SLOTS - 2, 6, PACKED_MIXED);
	usm_swap_device_close(&device);
	/* Nothing of it counts in another life. */
	options.created_ns++;
	options.bytes /= 2;
	codec = &usm_codec_zstd;
	must_open();
	cr_assert(fresh);
	cr_assert_eq(stats().pages, 0);
}

Test(compressed, needs_room_for_its_index)
{
	memory_max = usm_compressed_overhead(options.bytes) + 4096;
	cr_assert_eq(open_store(), -EINVAL);
	cr_assert(strstr(failure.text, "swap.memory_max: "));
}

Test(compressed, refuses_files_of_others)
{
	int fd = open(path, O_RDWR);

	cr_assert_eq(write(fd, "not ours", 8), 8);
	close(fd);
	cr_assert_lt(open_store(), 0);
	cr_assert(strstr(failure.text, "swap: "));
}

/* ---- damage ------------------------------------------------------------------------- */

static uint64_t entry_of(uint32_t slot)
{
	int fd = open(path, O_RDONLY);
	uint64_t entry;

	cr_assert_eq(pread(fd, &entry, sizeof(entry),
			   (off_t)(INDEX_AT + slot * sizeof(entry))),
		     sizeof(entry));
	close(fd);
	return entry;
}

static void write_at(uint64_t at, const void *data, size_t bytes)
{
	int fd = open(path, O_WRONLY);

	cr_assert_eq(pwrite(fd, data, bytes, (off_t)at), (ssize_t)bytes);
	close(fd);
}

static void set_entry(uint32_t slot, uint64_t entry)
{
	write_at(INDEX_AT + slot * sizeof(entry), &entry, sizeof(entry));
}

static void two_pages(void)
{
	must_open();
	cr_assert_eq(store(3, 3, PACKED_MIXED), 0);
	cr_assert_eq(store(4, 4, PACKED_MIXED), 0);
	usm_swap_device_close(&device);
}

static void expect_refused(uint32_t slot, uint64_t entry, const char *reason)
{
	uint64_t old = entry_of(slot);

	set_entry(slot, entry);
	cr_assert_eq(open_store(), -EBADMSG, "%#llx",
		     (unsigned long long)entry);
	cr_assert(strstr(failure.text, reason), "%s", failure.text);
	set_entry(slot, old);
	must_open();
	expect(3, 3, PACKED_MIXED);
	usm_swap_device_close(&device);
}

Test(compressed, says_what_is_wrong_with_an_index)
{
	uint64_t good, place;
	unsigned int class;

	two_pages();
	good = entry_of(4);
	place = usm_entry_place(good);
	class = usm_entry_class(good);
	cr_assert_eq(usm_entry_kind(good), USM_ENTRY_PACKED);
	expect_refused(4, 0xf0, "slot 4: something of no kind");
	expect_refused(0, good, "slot 0: something where nothing goes");
	expect_refused(4, usm_entry_same(1) | 8, "more than its word");
	expect_refused(4, entry_of(3), "the block of another slot");
	expect_refused(
		4, usm_entry_block(USM_ENTRY_PACKED, 1000, class, 1ULL << 43),
		"a block beyond the end");
	expect_refused(4, usm_entry_block(USM_ENTRY_PACKED, 1000, 31, place),
		       "a block that cannot be there");
	expect_refused(4, usm_entry_block(USM_ENTRY_PACKED, 4095, class, place),
		       "more than its block holds");
	expect_refused(4, usm_entry_block(USM_ENTRY_RAW, 1000, class, place),
		       "a length that no page has");
	expect_refused(4, usm_entry_block(USM_ENTRY_PACKED, 0, class, place),
		       "a length that no page has");
	expect_refused(5, good + (16ULL * USM_CHUNK_UNITS << 20),
		       "another slot's");
}

/* A block that changed is lost, and only that one. */
Test(compressed, a_damaged_block_is_an_error_of_its_page)
{
	static uint32_t words[WORDS];
	uint64_t at;

	two_pages();
	at = (uint64_t)usm_compressed_offset(usm_entry_place(entry_of(4)));
	write_at(at + 100, "?", 1);
	must_open();
	expect(3, 3, PACKED_MIXED);
	cr_assert_eq(device.load(device.ctx, 4, words), -EIO);
	cr_assert_eq(store(4, 5, PACKED_MIXED), 0);
	expect(4, 5, PACKED_MIXED);
}

Test(compressed, a_file_that_was_cut_is_refused)
{
	two_pages();
	cr_assert_eq(truncate(path, 1 << 20), 0);
	cr_assert_eq(open_store(), -EBADMSG);
	cr_assert(strstr(failure.text, "is shorter"));
}

/* Anything at all in header and index: refused, or a store that works. */
Test(compressed, never_falls_over_a_damaged_file)
{
	static uint32_t words[WORDS];
	static uint8_t before[2 * USM_FRAME_BYTES];
	unsigned int refused = 0, round;
	uint32_t slot;
	int fd;

	random_state = 7;
	must_open();
	for (slot = 1; slot < SLOTS; slot++)
		cr_assert_eq(store(slot, slot, slot % PACKED_SHAPES), 0);
	usm_swap_device_close(&device);
	fd = open(path, O_RDWR);
	cr_assert_eq(pread(fd, before, sizeof(before), 0), sizeof(before));
	for (round = 0; round < 500; round++) {
		unsigned int changes = 1 + any() % 4;

		while (changes--) {
			/* The header's words, or the index in use. */
			off_t at = any() % 4 ? (off_t)(INDEX_AT +
						       any() % (SLOTS * 8))
					     : any() % 128;
			uint8_t byte = (uint8_t)any();

			cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
		}
		if (open_store()) {
			refused++;
			cr_assert_not(strncmp(failure.text, "swap", 4));
		} else {
			for (slot = 0; slot < SLOTS; slot++)
				device.load(device.ctx, slot, words);
			for (slot = 1; slot < SLOTS; slot += 5)
				device.drop(device.ctx, slot);
			cr_assert_eq(store(1, 77, PACKED_TEXT), 0);
			expect(1, 77, PACKED_TEXT);
			usm_swap_device_close(&device);
			/* Begin anew. */
			options.created_ns++;
			must_open();
			for (slot = 1; slot < SLOTS; slot++)
				cr_assert_eq(
					store(slot, slot, slot % PACKED_SHAPES),
					0);
			usm_swap_device_close(&device);
			cr_assert_eq(pread(fd, before, sizeof(before), 0),
				     sizeof(before));
		}
		cr_assert_eq(pwrite(fd, before, sizeof(before), 0),
			     sizeof(before));
		/* A header of other sizes may have made it longer. */
		cr_assert_eq(ftruncate(fd, (1LL << 36) + MEMORY), 0);
	}
	close(fd);
	cr_assert_gt(refused, 100);
}
