/* SPDX-License-Identifier: MIT */
/* Pages that somebody else holds while their owner goes on or gives them up. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "features/features.h"

#define PIPE_PAGES 16
#define PIPE_BYTES (PIPE_PAGES * PAGE_BYTES)

/* A pipe holds pages that their owner gives back: their content stays. */
int feature_splice(struct child *self, void *arg)
{
	char *buffer = pattern_map(PIPE_BYTES);
	char *copy = pattern_map(PIPE_BYTES);
	struct iovec all = { buffer, PIPE_BYTES };
	size_t done = 0;
	ssize_t n = 1;
	int ends[2];

	(void)self;
	(void)arg;
	pattern_fill(buffer, 0, PIPE_PAGES, 1, 51);
	if (pipe2(ends, O_CLOEXEC) ||
	    vmsplice(ends[1], &all, 1, 0) != (ssize_t)PIPE_BYTES)
		return 1;
	madvise(buffer, PIPE_BYTES, MADV_DONTNEED);
	/* New pages at the same addresses must not be the pipe's. */
	pattern_fill(buffer, 0, PIPE_PAGES, 1, 52);
	while (done < PIPE_BYTES &&
	       (n = read(ends[0], copy + done, PIPE_BYTES - done)) > 0)
		done += (size_t)n;
	if (done != PIPE_BYTES || pattern_bad(copy, 0, PIPE_PAGES, 1, 51))
		return 2;
	/* Full again at the exit. */
	if (vmsplice(ends[1], &all, 1, 0) != (ssize_t)PIPE_BYTES)
		return 3;
	return pattern_bad(buffer, 0, PIPE_PAGES, 1, 52) ? 4 : 0;
}

/* An io_uring that has pinned the buffer for long, or -errno. */
static int pin(void *buffer, size_t bytes)
{
	struct io_uring_params params = { 0 };
	struct iovec all = { buffer, bytes };
	int fd = (int)syscall(SYS_io_uring_setup, 4, &params);

	if (fd < 0)
		return -errno;
	if (syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &all,
		    1) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

int feature_fixed_buffers(struct child *self, void *arg)
{
	char *buffer = pattern_map(PIPE_BYTES);
	int fd;

	(void)self;
	(void)arg;
	pattern_fill(buffer, 0, PIPE_PAGES, 1, 53);
	fd = pin(buffer, PIPE_BYTES);
	if (fd == -ENOSYS || fd == -EPERM)
		return FEATURE_MISSING;
	if (fd < 0)
		return 1;
	if (pattern_bad(buffer, 0, PIPE_PAGES, 1, 53))
		return 2;
	munmap(buffer, PIPE_BYTES / 2);
	close(fd);
	/* And memory that is faulted in by pinning it, held until the exit. */
	buffer = pattern_map(PIPE_BYTES);
	return pin(buffer, PIPE_BYTES) < 0 ? 3 : 0;
}

/* Fork copies pinned pages for the child at once. */
int feature_fork_pinned(struct child *self, void *arg)
{
	char *buffer = pattern_map(PIPE_BYTES);
	int fd, status = -1;
	pid_t pid;

	(void)self;
	(void)arg;
	pattern_fill(buffer, 0, PIPE_PAGES, 1, 54);
	fd = pin(buffer, PIPE_BYTES);
	if (fd == -ENOSYS || fd == -EPERM)
		return FEATURE_MISSING;
	if (fd < 0)
		return 1;
	pid = fork();
	if (!pid)
		_exit(pattern_bad(buffer, 0, PIPE_PAGES, 1, 54) != 0);
	pattern_fill(buffer, 0, PIPE_PAGES, 1, 55);
	if (waitpid(pid, &status, 0) != pid || status)
		return 2;
	return pattern_bad(buffer, 0, PIPE_PAGES, 1, 55) ? 3 : 0;
}
