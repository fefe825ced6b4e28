/* SPDX-License-Identifier: MIT */
/* Stores that go on beside their caller. */
#include <criterion/criterion.h>
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/client.h"
#include "instance/policies/swap/file.h"

#define ROW 4U
#define PAGES (USM_SWAP_STORES_MAX * ROW)
#define PATIENCE_S 20

static char path[64];
static sem_t woken;
static struct usm_swap_device device;
static char page[PAGES][USM_FRAME_BYTES];

static void wake(void *ctx)
{
	sem_post(ctx);
}

static void setup(void)
{
	struct usm_swap_file options = {
		.path = path,
		.bytes = PAGES * USM_FRAME_BYTES,
		.instance = "a",
		.created_ns = 42,
	};
	struct usm_failure failure;
	uint32_t i;
	bool fresh;
	int fd;

	snprintf(path, sizeof(path), "/tmp/test_stores.XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	sem_init(&woken, 0, 0);
	cr_assert_eq(usm_swap_file_open(&options, &device, &fresh, &failure), 0,
		     "%s", failure.text);
	cr_assert_eq(device.load_notify(device.ctx, wake, &woken), 0);
	for (i = 0; i < PAGES; i++)
		memset(page[i], (int)(i % 251 + 1), sizeof(page[i]));
}

static void teardown(void)
{
	usm_swap_device_close(&device);
	unlink(path);
	sem_destroy(&woken);
}

TestSuite(swap_stores, .init = setup, .fini = teardown, .timeout = 60);

/* Where io_uring is forbidden there is store() alone. */
static bool stores_aside(void)
{
	return device.store_begin;
}

static int begin(uint32_t row)
{
	struct iovec pages[ROW];
	uint32_t i;

	for (i = 0; i < ROW; i++)
		pages[i] =
			(struct iovec){ page[row * ROW + i], USM_FRAME_BYTES };
	return device.store_begin(device.ctx, row * ROW + 1, pages, ROW, row);
}

static uint32_t reap(struct usm_swap_done *done, uint32_t nr)
{
	struct timespec until;
	uint32_t taken;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	while (!(taken = device.store_reap(device.ctx, done, nr)))
		cr_assert_eq(sem_timedwait(&woken, &until), 0,
			     "nobody was woken");
	return taken;
}

static void expect_stored(uint32_t row)
{
	char found[USM_FRAME_BYTES];
	uint32_t i;

	for (i = row * ROW; i < (row + 1) * ROW; i++) {
		cr_assert_eq(device.load(device.ctx, i + 1, found), 0);
		cr_assert_arr_eq(found, page[i], sizeof(found));
	}
}

Test(swap_stores, end_once_each_and_whole)
{
	struct usm_swap_done done[8];
	bool seen[USM_SWAP_STORES_MAX] = { 0 };
	struct usm_swap_stats stats;
	uint32_t left = USM_SWAP_STORES_MAX, row, nr;

	if (!stores_aside())
		return;
	for (row = 0; row < USM_SWAP_STORES_MAX; row++)
		cr_assert_eq(begin(row), 0);
	/* As many as there may be, until one is reaped. */
	cr_assert_eq(begin(0), -EAGAIN);
	while (left) {
		nr = reap(done, 8);
		while (nr--) {
			cr_assert_eq(done[nr].result, 0);
			cr_assert_not(seen[done[nr].token]);
			seen[done[nr].token] = true;
			left--;
		}
	}
	for (row = 0; row < USM_SWAP_STORES_MAX; row++)
		expect_stored(row);
	device.stats(device.ctx, &stats);
	cr_assert_eq(stats.written, PAGES);
	cr_assert_eq(begin(0), 0);
}

Test(swap_stores, a_page_that_cannot_be_read_is_an_error)
{
	struct iovec gone = { mmap(NULL, USM_FRAME_BYTES, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			      USM_FRAME_BYTES };
	struct usm_swap_done done;

	if (!stores_aside())
		return;
	cr_assert_eq(device.store_begin(device.ctx, 1, &gone, 1, 7), 0);
	cr_assert_eq(reap(&done, 1), 1);
	cr_assert_eq(done.token, 7);
	cr_assert_lt(done.result, 0);
	/* The next one is none the worse. */
	cr_assert_eq(begin(0), 0);
	cr_assert_eq(reap(&done, 1), 1);
	cr_assert_eq(done.result, 0);
	expect_stored(0);
}

/* Whoever frees the pages right afterwards is in order. */
Test(swap_stores, are_over_when_the_device_is_closed)
{
	size_t bytes = PAGES * USM_FRAME_BYTES;
	char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t i;

	if (!stores_aside())
		return;
	for (i = 0; i < USM_SWAP_STORES_MAX; i++) {
		struct iovec whole = { pages + i * USM_FRAME_BYTES,
				       USM_FRAME_BYTES };

		cr_assert_eq(
			device.store_begin(device.ctx, i + 1, &whole, 1, i), 0);
	}
	usm_swap_device_close(&device);
	munmap(pages, bytes);
}
