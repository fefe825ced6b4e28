/* SPDX-License-Identifier: MIT */
/* Loads that go on beside their caller. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/client.h"
#include "instance/worker/backoff.h"
#include "fake_device.h"
#include "instance/policies/swap/file.h"
#include "instance/policies/swap/reads.h"

#define PAGES 600U /* more than can be under way */
#define PATIENCE_S 20

static char path[64];
static sem_t woken;
static char page[PAGES][USM_FRAME_BYTES]
	__attribute__((aligned(USM_FRAME_BYTES)));

static void make_path(void)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/test_loads.XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	sem_init(&woken, 0, 0);
}

static void remove_path(void)
{
	unlink(path);
	sem_destroy(&woken);
}

static void wake(void *ctx)
{
	sem_post(ctx);
}

static void wait_for_wake(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	cr_assert_eq(sem_timedwait(&woken, &until), 0, "nobody was woken");
}

static void expect_word(const void *at, uint64_t word)
{
	const uint64_t *words = at;

	for (size_t i = 0; i < USM_FRAME_BYTES / sizeof(*words); i++)
		cr_assert_eq(words[i], word);
}

static void fill_file(void)
{
	uint64_t words[USM_FRAME_BYTES / sizeof(uint64_t)];
	int fd = open(path, O_RDWR);

	for (uint64_t i = 0; i < PAGES; i++) {
		for (size_t w = 0; w < USM_FRAME_BYTES / sizeof(*words); w++)
			words[w] = i;
		cr_assert_eq(pwrite(fd, words, sizeof(words),
				    (off_t)(i << USM_FRAME_SHIFT)),
			     (ssize_t)sizeof(words));
	}
	/* Out of the page cache, or nothing would have to be waited for. */
	cr_assert_eq(fsync(fd), 0);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

/* ---- reads of a file --------------------------------------------------------- */

static struct usm_reads reads;
static int fd;

typedef int open_reads(int fd, struct usm_reads *out);

static void start(open_reads *open_them)
{
	fill_file();
	fd = open(path, O_RDWR);
	cr_assert_eq(open_them(fd, &reads), 0);
	cr_assert_eq(reads.notify(reads.ctx, wake, &woken), 0);
}

static void end(void)
{
	reads.close(reads.ctx);
	close(fd);
}

/* Takes at least one completion. */
static uint32_t await(struct usm_swap_done *done, uint32_t nr)
{
	for (;;) {
		uint32_t n = reads.reap(reads.ctx, done, nr);

		if (n)
			return n;
		wait_for_wake();
	}
}

static void every_page_once(open_reads *open_them)
{
	static bool seen[PAGES];
	struct usm_swap_done done[32];
	uint32_t begun = 0, over = 0, full = 0, n, i;

	start(open_them);
	while (over < PAGES) {
		int err = 0;

		/* Backwards, so that nothing is read ahead. */
		while (begun < PAGES && !err) {
			uint32_t nr = PAGES - 1 - begun;

			err = reads.begin(reads.ctx,
					  (off_t)nr << USM_FRAME_SHIFT,
					  page[nr], nr + 1000);
			if (!err)
				begun++;
		}
		if (err) {
			cr_assert_eq(err, -EAGAIN);
			cr_assert_eq(begun - over, USM_READS_MAX);
			full++;
		}
		n = await(done, 32);
		for (i = 0; i < n; i++) {
			uint64_t nr = done[i].token - 1000;

			cr_assert_lt(nr, PAGES);
			cr_assert_not(seen[nr]);
			seen[nr] = true;
			cr_assert_eq(done[i].result, 0);
			expect_word(page[nr], nr);
		}
		over += n;
	}
	cr_assert_gt(full, 0);
	cr_assert_eq(reads.reap(reads.ctx, done, 32), 0);
	end();
}

static void errors_are_told(open_reads *open_them)
{
	struct usm_swap_done done;
	char *gone;

	start(open_them);
	/* As a frame that left the partition: nothing is behind the mapping. */
	gone = mmap(NULL, USM_FRAME_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, PAGES * USM_FRAME_BYTES);
	cr_assert_neq(gone, MAP_FAILED);
	cr_assert_eq(reads.begin(reads.ctx, 0, gone, 1), 0);
	cr_assert_eq(await(&done, 1), 1);
	cr_assert_eq(done.token, 1);
	cr_assert_eq(done.result, -EFAULT);
	munmap(gone, USM_FRAME_BYTES);

	/* A file that somebody cut in the middle of a page. */
	cr_assert_eq(ftruncate(fd, USM_FRAME_BYTES + 100), 0);
	cr_assert_eq(reads.begin(reads.ctx, USM_FRAME_BYTES, page[0], 2), 0);
	cr_assert_eq(await(&done, 1), 1);
	cr_assert_eq(done.token, 2);
	cr_assert_eq(done.result, -EIO);
	cr_assert_eq(reads.begin(reads.ctx, 0, page[0], 3), 0);
	cr_assert_eq(await(&done, 1), 1);
	cr_assert_eq(done.result, 0);
	end();
}

/* The pages may be unmapped right after: nothing may write to them then. */
static void close_waits_for_them(open_reads *open_them)
{
	size_t bytes = (size_t)USM_READS_MAX << USM_FRAME_SHIFT;
	char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t i;

	cr_assert_neq(pages, MAP_FAILED);
	start(open_them);
	for (i = 0; i < USM_READS_MAX; i++)
		cr_assert_eq(reads.begin(reads.ctx, (off_t)i << USM_FRAME_SHIFT,
					 pages + ((size_t)i << USM_FRAME_SHIFT),
					 i),
			     0);
	end();
	munmap(pages, bytes);
}

TestSuite(reads_uring, .init = make_path, .fini = remove_path);

Test(reads_uring, return_every_page_once)
{
	every_page_once(usm_reads_uring);
}

Test(reads_uring, tell_errors)
{
	errors_are_told(usm_reads_uring);
}

Test(reads_uring, are_waited_for)
{
	close_waits_for_them(usm_reads_uring);
}

TestSuite(reads_threads, .init = make_path, .fini = remove_path);

Test(reads_threads, return_every_page_once)
{
	every_page_once(usm_reads_threads);
}

Test(reads_threads, tell_errors)
{
	errors_are_told(usm_reads_threads);
}

Test(reads_threads, are_waited_for)
{
	close_waits_for_them(usm_reads_threads);
}

/* ---- the device file ------------------------------------------------------------ */

static struct usm_swap_device device;

static void open_device(void)
{
	struct usm_swap_file options = {
		.path = path,
		.bytes = 128 * USM_FRAME_BYTES,
		.instance = "a",
		.created_ns = 42,
	};
	struct usm_failure failure;
	bool fresh;

	make_path();
	cr_assert_eq(usm_swap_file_open(&options, &device, &fresh, &failure),
		     0);
	cr_assert_not_null(device.load_begin);
	cr_assert_eq(device.load_notify(device.ctx, wake, &woken), 0);
}

static void close_device(void)
{
	usm_swap_device_close(&device);
	remove_path();
}

TestSuite(swap_loads, .init = open_device, .fini = close_device);

static void store(uint32_t slot, uint64_t word)
{
	static uint64_t words[USM_FRAME_BYTES / sizeof(uint64_t)];
	struct iovec whole = { words, sizeof(words) };

	for (size_t w = 0; w < sizeof(words) / sizeof(*words); w++)
		words[w] = word;
	cr_assert_eq(device.store(device.ctx, slot, &whole, 1), 0);
}

Test(swap_loads, returns_what_was_stored)
{
	struct usm_swap_done done[2];

	store(7, 77);
	cr_assert_eq(device.load_begin(device.ctx, 7, page[0], 5), 0);
	while (!device.load_reap(device.ctx, done, 2))
		wait_for_wake();
	cr_assert_eq(done[0].token, 5);
	cr_assert_eq(done[0].result, 0);
	expect_word(page[0], 77);
}

Test(swap_loads, a_page_that_is_gone_is_an_error)
{
	struct usm_swap_done done;

	store(7, 77);
	cr_assert_eq(device.load_begin(device.ctx, 7, (void *)8, 5), 0);
	while (!device.load_reap(device.ctx, &done, 1))
		wait_for_wake();
	cr_assert_eq(done.result, -EFAULT);
}

/* Whoever never reaps is told so, and every completion is still there. */
Test(swap_loads, as_many_as_there_is_room_for)
{
	struct usm_swap_done done;
	uint32_t begun = 0, over = 0;
	int err = 0;

	for (uint32_t slot = 1; slot <= 128; slot++)
		store(slot, slot);
	while (!err) {
		err = device.load_begin(device.ctx, begun % 128 + 1,
					page[begun], begun);
		if (!err)
			begun++;
		cr_assert_lt(begun, PAGES);
	}
	cr_assert_eq(err, -EAGAIN);
	while (over < begun) {
		if (!device.load_reap(device.ctx, &done, 1)) {
			wait_for_wake();
			continue;
		}
		cr_assert_eq(done.result, 0);
		expect_word(page[done.token], done.token % 128 + 1);
		over++;
	}
	cr_assert_eq(device.load_begin(device.ctx, 1, page[0], 0), 0);
}

/* ---- the slow device ---------------------------------------------------------------- */

Test(fake_device, loads_go_on_side_by_side)
{
	struct usm_swap_device array, slow;
	struct usm_swap_done done;
	uint64_t from, took;
	uint32_t i, over = 0;

	sem_init(&woken, 0, 0);
	fake_device_array(16, &array);
	fake_device_slow(&array, 50, 8, &slow);
	cr_assert_eq(slow.load_notify(slow.ctx, wake, &woken), 0);
	from = usm_now_ns();
	for (i = 0; i < 8; i++)
		cr_assert_eq(slow.load_begin(slow.ctx, i, page[i], i), 0);
	cr_assert_eq(slow.load_begin(slow.ctx, 8, page[8], 8), -EAGAIN);
	cr_assert_eq(slow.load_reap(slow.ctx, &done, 1), 0);
	while (over < 8) {
		if (!slow.load_reap(slow.ctx, &done, 1)) {
			wait_for_wake();
			continue;
		}
		cr_assert_eq(done.token, over);
		cr_assert_eq(done.result, 0);
		over++;
	}
	took = usm_now_ns() - from;
	cr_assert_geq(took, 50000000);
	cr_assert_lt(took, 8 * 50000000ULL);
	cr_assert_eq(fake_device_most(&slow), 8);
	usm_swap_device_close(&slow);
}
