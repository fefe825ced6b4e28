/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/client.h"
#include "instance/evict/ranges.h"
#include "instance/policies/swap/file.h"
#include "instance/swap/map.h"
#include "instance/worker/notices.h"

/* ---- the map of slots ------------------------------------------------------- */

static struct usm_swap_map *map;

static void make_map(void)
{
	cr_assert_eq(usm_swap_map_create(5, &map), 0);
}

static void end_map(void)
{
	usm_swap_map_destroy(map);
}

TestSuite(swap_map, .init = make_map, .fini = end_map);

Test(swap_map, hands_out_every_slot_but_the_first)
{
	uint64_t cookie[4];
	uint32_t i;

	for (i = 0; i < 4; i++) {
		cookie[i] = usm_swap_map_take(map);
		cr_assert_eq(usm_swap_slot(cookie[i]), i + 1);
		cr_assert(usm_swap_map_holds(map, cookie[i]));
	}
	cr_assert_eq(usm_swap_map_take(map), 0);
	cr_assert_eq(usm_swap_map_used(map), 4);
	usm_swap_map_give(map, cookie[2]);
	cr_assert_not(usm_swap_map_holds(map, cookie[2]));
	cr_assert_eq(usm_swap_slot(usm_swap_map_take(map)), 3);
}

Test(swap_map, late_words_about_an_earlier_page_change_nothing)
{
	uint64_t first = usm_swap_map_take(map), second;

	usm_swap_map_give(map, first);
	second = usm_swap_map_take(map);
	cr_assert_eq(usm_swap_slot(first), usm_swap_slot(second));
	cr_assert_neq(first, second);
	usm_swap_map_give(map, first);
	cr_assert(usm_swap_map_holds(map, second));
	cr_assert_not(usm_swap_map_holds(map, first));
	cr_assert_not(usm_swap_map_holds(map, 0));
	cr_assert_not(usm_swap_map_holds(map, 1ULL << 32 | 99));
}

Test(swap_map, adopts_what_the_kernel_knows)
{
	cr_assert_eq(usm_swap_map_adopt(map, 77ULL << 32 | 1), 0);
	cr_assert_eq(usm_swap_map_adopt(map, 78ULL << 32 | 1), -EEXIST);
	cr_assert_eq(usm_swap_map_adopt(map, 77ULL << 32 | 5), -ERANGE);
	cr_assert_eq(usm_swap_map_adopt(map, 77ULL << 32), -ERANGE);
	cr_assert_eq(usm_swap_map_adopt(map, 2), -ERANGE);
	cr_assert(usm_swap_map_holds(map, 77ULL << 32 | 1));
	cr_assert_eq(usm_swap_slot(usm_swap_map_take(map)), 2);
}

Test(swap_map, forgets_what_the_kernel_does_not_know)
{
	uint64_t a = usm_swap_map_take(map), b = usm_swap_map_take(map);

	cr_assert_eq(usm_swap_map_begin(map), 0);
	usm_swap_map_keep(map, b);
	usm_swap_map_keep(map, a + (1ULL << 32));
	cr_assert_eq(usm_swap_map_end(map), 1);
	cr_assert_not(usm_swap_map_holds(map, a));
	cr_assert(usm_swap_map_holds(map, b));
	cr_assert_eq(usm_swap_map_used(map), 1);
}

static uint32_t dropped[4], nr_dropped;

static void drop(void *ctx, uint32_t slot)
{
	cr_assert_eq(ctx, dropped);
	dropped[nr_dropped++ % 4] = slot;
}

Test(swap_map, says_what_is_not_needed_any_more)
{
	uint64_t a = usm_swap_map_take(map), b = usm_swap_map_take(map);

	usm_swap_map_watch(map, drop, dropped);
	usm_swap_map_give(map, b);
	usm_swap_map_give(map, b);
	cr_assert_eq(nr_dropped, 1);
	cr_assert_eq(dropped[0], usm_swap_slot(b));
	cr_assert_eq(usm_swap_map_begin(map), 0);
	cr_assert_eq(usm_swap_map_end(map), 1);
	cr_assert_eq(nr_dropped, 2);
	cr_assert_eq(dropped[1], usm_swap_slot(a));
	cr_assert_eq(usm_swap_map_adopt(map, 77ULL << 32 | 2), 0);
	usm_swap_map_drop_unused(map);
	cr_assert_eq(nr_dropped, 5);
	cr_assert_eq(dropped[2], 1);
	cr_assert_eq(dropped[3], 3);
}

/* ---- the device file ---------------------------------------------------------- */

static char path[64];
static struct usm_swap_file options;

static void make_path(void)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/test_swap.XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	unlink(path);
	options = (struct usm_swap_file){
		.path = path,
		.bytes = 16 * USM_FRAME_BYTES,
		.instance = "a",
		.created_ns = 42,
	};
}

static void remove_path(void)
{
	unlink(path);
}

TestSuite(swap_file, .init = make_path, .fini = remove_path);

static int open_file(struct usm_swap_device *device, bool *fresh)
{
	struct usm_failure failure;

	return usm_swap_file_open(&options, device, fresh, &failure);
}

Test(swap_file, keeps_pages_over_a_restart)
{
	static char a[USM_FRAME_BYTES], b[USM_FRAME_BYTES];
	struct iovec pages[2] = { { a, sizeof(a) }, { b, sizeof(b) } };
	static char read[USM_FRAME_BYTES];
	struct usm_swap_device device;
	struct usm_swap_stats stats;
	struct stat st;
	bool fresh;

	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	cr_assert_eq(open_file(&device, &fresh), 0);
	cr_assert(fresh);
	cr_assert_eq(device.nr_slots, 17);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(st.st_size, 17 * USM_FRAME_BYTES);
	cr_assert_eq(device.store(device.ctx, 15, pages, 2), 0);
	device.stats(device.ctx, &stats);
	cr_assert_str_eq(stats.device, "file");
	cr_assert_eq(stats.written, 2);
	cr_assert_eq(stats.read, 0);
	usm_swap_device_close(&device);
	usm_swap_device_close(&device);

	cr_assert_eq(open_file(&device, &fresh), 0);
	cr_assert_not(fresh);
	cr_assert_eq(device.load(device.ctx, 16, read), 0);
	cr_assert_eq(memcmp(read, b, sizeof(b)), 0);
	cr_assert_eq(device.load(device.ctx, 15, read), 0);
	cr_assert_eq(memcmp(read, a, sizeof(a)), 0);
	/* A frame that is not there any more is an error, not a signal. */
	cr_assert_eq(device.load(device.ctx, 15, (void *)8), -EFAULT);
	device.stats(device.ctx, &stats);
	cr_assert_eq(stats.written, 0);
	cr_assert_eq(stats.read, 3);
	usm_swap_device_close(&device);

	/* Another life of an instance of that name. */
	options.created_ns = 43;
	cr_assert_eq(open_file(&device, &fresh), 0);
	cr_assert(fresh);
	cr_assert_eq(device.load(device.ctx, 15, read), 0);
	cr_assert_neq(memcmp(read, a, sizeof(a)), 0);
	usm_swap_device_close(&device);
}

/* Killed while it made the file. */
Test(swap_file, goes_on_with_a_header_alone)
{
	struct usm_swap_device device;
	struct stat st;
	bool fresh;

	cr_assert_eq(open_file(&device, &fresh), 0);
	usm_swap_device_close(&device);
	cr_assert_eq(truncate(path, USM_FRAME_BYTES), 0);
	cr_assert_eq(open_file(&device, &fresh), 0);
	cr_assert_not(fresh);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_geq((uint64_t)st.st_size, options.bytes);
	usm_swap_device_close(&device);
}

Test(swap_file, leaves_other_files_alone)
{
	struct usm_swap_device device;
	FILE *file = fopen(path, "w");
	struct stat st;
	bool fresh;

	cr_assert_not_null(file);
	fputs("somebody else's, and longer than any header that might stand "
	      "at the beginning of a swap file: it must stay as it is",
	      file);
	fclose(file);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_lt(open_file(&device, &fresh), 0);
	cr_assert_gt(st.st_size, 100);
	unlink(path);
	cr_assert_eq(open_file(&device, &fresh), 0);
	usm_swap_device_close(&device);
	options.instance = "b";
	cr_assert_lt(open_file(&device, &fresh), 0);
	unlink(path);
	cr_assert_eq(symlink("/tmp/nowhere", path), 0);
	cr_assert_lt(open_file(&device, &fresh), 0);
	unlink(path);
	options.path = "/dev/null";
	cr_assert_lt(open_file(&device, &fresh), 0);
}

/* A limit of the process is as good as a full disk. */
Test(swap_file, room_that_is_not_there_is_an_error)
{
	const struct rlimit limit = { 8 * USM_FRAME_BYTES,
				      8 * USM_FRAME_BYTES };
	struct usm_swap_device device;
	struct usm_failure failure;
	bool fresh;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(usm_swap_file_open(&options, &device, &fresh, &failure),
		     -EFBIG);
	cr_assert(strstr(failure.text, "swap.size: "));
	cr_assert_neq(access(path, F_OK), 0, "and nothing is left behind");
}

/* Also what is still on its way to it. */
Test(swap_file, gives_back_room_that_nobody_needs)
{
	static char a[USM_FRAME_BYTES];
	struct iovec pages = { a, sizeof(a) };
	struct usm_swap_device device;
	struct stat stat_of;
	bool fresh;

	cr_assert_eq(open_file(&device, &fresh), 0);
	cr_assert_eq(device.store(device.ctx, 3, &pages, 1), 0);
	if (device.store_begin)
		cr_assert_eq(device.store_begin(device.ctx, 9, &pages, 1, 0),
			     0);
	device.empty(device.ctx);
	usm_swap_device_close(&device);
	cr_assert_eq(stat(path, &stat_of), 0);
	cr_assert_eq(stat_of.st_size, 0);
	cr_assert_eq(open_file(&device, &fresh), 0);
	cr_assert(fresh);
	usm_swap_device_close(&device);
}

/* Somebody cut the file: what is behind its end is lost, and no more. */
Test(swap_file, a_short_file_is_an_error_of_its_pages)
{
	static char a[USM_FRAME_BYTES], read[USM_FRAME_BYTES];
	struct iovec pages = { a, sizeof(a) };
	struct usm_swap_device device;
	bool fresh;

	memset(a, 'a', sizeof(a));
	cr_assert_eq(open_file(&device, &fresh), 0);
	cr_assert_eq(device.store(device.ctx, 3, &pages, 1), 0);
	cr_assert_eq(truncate(path, 5 * USM_FRAME_BYTES + 100), 0);
	cr_assert_eq(device.load(device.ctx, 3, read), 0);
	cr_assert_eq(memcmp(a, read, sizeof(a)), 0);
	cr_assert_eq(device.load(device.ctx, 5, read), -EIO);
	cr_assert_eq(device.load(device.ctx, 9, read), -EIO);
	usm_swap_device_close(&device);
}

/* ---- ranges --------------------------------------------------------------------- */

static struct usm_place page(uint32_t member, uint64_t nr)
{
	return (struct usm_place){ .member = member,
				   .addr = nr << USM_FRAME_SHIFT };
}

Test(ranges, join_what_is_close)
{
	struct usm_place places[] = {
		page(2, 10),	  page(1, 500), page(1, 100), page(1, 100000),
		page(1, 100 + 1), page(2, 11),	page(2, 10),
	};
	struct usm_range ranges[7];

	cr_assert_eq(usm_ranges_cover(places, 7, ranges), 4);
	cr_assert_eq(ranges[0].addr, 100 << USM_FRAME_SHIFT);
	cr_assert_eq(ranges[0].pages, 2);
	cr_assert_eq(ranges[1].pages, 1);
	cr_assert_eq(ranges[3].member, 2);
	cr_assert_eq(ranges[3].pages, 2);
	cr_assert_eq(usm_ranges_cover(places, 0, ranges), 0);
}

Test(ranges, are_no_longer_than_the_kernel_takes)
{
	static struct usm_place places[2 * USM_PAGES_MAX / 100];
	static struct usm_range ranges[2 * USM_PAGES_MAX / 100];
	uint32_t nr = 2 * USM_PAGES_MAX / 100, i, found;

	for (i = 0; i < nr; i++)
		places[i] = page(1, 7 + i * 100);
	found = usm_ranges_cover(places, nr, ranges);
	cr_assert_eq(found, 2);
	for (i = 0; i < found; i++)
		cr_assert_leq(ranges[i].pages, USM_PAGES_MAX);
}

/* ---- notices ----------------------------------------------------------------------- */

static void sum(void *ctx, const struct usm_notice *notice)
{
	*(uint64_t *)ctx += notice->cookie;
}

Test(notices, are_read_once_and_losses_told)
{
	static struct usm_notices ring;
	struct usm_notice_reader reader = { .ring = &ring };
	uint64_t total = 0;

	cr_assert_not(usm_notices_pending(&reader));
	cr_assert_not(usm_notices_read(&reader, sum, &total));
	/* Over the end of the ring. */
	ring.head = ring.tail = USM_NOTICES - 1;
	ring.ring[USM_NOTICES - 1].cookie = 5;
	ring.ring[0].cookie = 6;
	ring.head += 2;
	cr_assert(usm_notices_pending(&reader));
	cr_assert_not(usm_notices_read(&reader, sum, &total));
	cr_assert_eq(total, 11);
	cr_assert_eq(ring.tail, ring.head);
	ring.lost = 3;
	cr_assert(usm_notices_read(&reader, sum, &total));
	cr_assert_not(usm_notices_read(&reader, sum, &total));
	cr_assert_eq(total, 11);
}
