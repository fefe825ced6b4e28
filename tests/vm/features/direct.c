/* SPDX-License-Identifier: MIT */
/* A disk that reads and writes members' pages without a copy in between. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "features/features.h"
#include "lib/file.h"

#define PAGES 256
#define BYTES (PAGES * PAGE_BYTES)
#define DEVICE_NAME "/tmp/direct.device"

/* A loop device, without the page cache; -1: this kernel has none. */
static int disk(void)
{
	char path[64];
	ssize_t n;

	if (system("modprobe -q loop; truncate -s 1M /tmp/direct.image &&"
		   " losetup -f --show /tmp/direct.image >" DEVICE_NAME))
		return -1;
	n = file_read(DEVICE_NAME, path, sizeof(path));
	if (n < 2)
		return -1;
	path[n - 1] = 0;
	return open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
}

static void no_disk(int fd)
{
	close(fd);
	(void)!system("losetup -d $(cat " DEVICE_NAME ")");
}

static int read_and_write(int fd)
{
	char *out = pattern_map(BYTES);
	char *in = pattern_map(BYTES);

	pattern_fill(out, 0, PAGES, 1, 60);
	if (pwrite(fd, out, BYTES, 0) != (ssize_t)BYTES)
		return 1;
	/* Into pages that nobody has touched, and into some that have been. */
	pattern_fill(in, 0, PAGES, 2, 61);
	if (pread(fd, in, BYTES, 0) != (ssize_t)BYTES)
		return 2;
	if (pattern_bad(in, 0, PAGES, 1, 60) ||
	    pattern_bad(out, 0, PAGES, 1, 60))
		return 3;
	return 0;
}

int feature_direct(struct child *self, void *arg)
{
	int fd = disk(), code;

	(void)self;
	(void)arg;
	if (fd < 0)
		return FEATURE_MISSING;
	code = read_and_write(fd);
	no_disk(fd);
	return code;
}

/* One request of the ring to its end: 0 when it moved everything. */
static int complete(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int moved;

	if (io_uring_submit(ring) != 1 || io_uring_wait_cqe(ring, &cqe))
		return -1;
	moved = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return moved == (int)BYTES ? 0 : -1;
}

static int through_ring(int fd, struct io_uring *ring)
{
	char *out = pattern_map(BYTES);
	char *in = pattern_map(BYTES);
	const struct iovec buffers[] = { { out, BYTES }, { in, BYTES } };

	pattern_fill(out, 0, PAGES, 1, 62);
	if (io_uring_register_buffers(ring, buffers, 2))
		return 1;
	io_uring_prep_write_fixed(io_uring_get_sqe(ring), fd, out, BYTES, 0, 0);
	if (complete(ring))
		return 2;
	io_uring_prep_read_fixed(io_uring_get_sqe(ring), fd, in, BYTES, 0, 1);
	if (complete(ring))
		return 3;
	return pattern_bad(in, 0, PAGES, 1, 62) ? 4 : 0;
}

int feature_ring_direct(struct child *self, void *arg)
{
	struct io_uring ring;
	int fd, code;

	(void)self;
	(void)arg;
	if (io_uring_queue_init(4, &ring, 0))
		return FEATURE_MISSING;
	fd = disk();
	if (fd < 0)
		return FEATURE_MISSING;
	code = through_ring(fd, &ring);
	io_uring_queue_exit(&ring);
	no_disk(fd);
	return code;
}
