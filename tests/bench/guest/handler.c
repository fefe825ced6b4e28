/* SPDX-License-Identifier: MIT */
#include "bench/guest/handler.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_BYTES 4096UL

static void copy_page(int fd, uint64_t address, void *source, uint64_t *handled)
{
	struct uffdio_copy copy = {
		.dst = address & -PAGE_BYTES,
		.src = (uintptr_t)source,
		.len = PAGE_BYTES,
	};

	/* Before the copy, which lets the other side go on and look. */
	__atomic_fetch_add(handled, 1, __ATOMIC_SEQ_CST);
	ioctl(fd, UFFDIO_COPY, &copy);
}

static void serve(int fd, uint64_t *handled)
{
	void *source = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct uffd_msg message;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (source == MAP_FAILED)
		_exit(1);
	for (;;) {
		if (poll(&poll_fd, 1, -1) < 0)
			_exit(1);
		if (read(fd, &message, sizeof(message)) != sizeof(message) ||
		    message.event != UFFD_EVENT_PAGEFAULT)
			continue;
		copy_page(fd, message.arg.pagefault.address, source, handled);
	}
}

int handler_start(char *base, size_t bytes, uint64_t *handled, pid_t *pid)
{
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)base, .len = bytes },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	pid_t child;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range)) {
		int err = -errno;

		close(fd);
		return err;
	}
	child = fork();
	if (child < 0)
		return -errno;
	if (!child)
		serve(fd, handled);
	*pid = child;
	return 0;
}
