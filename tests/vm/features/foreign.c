/* SPDX-License-Identifier: MIT */
/* Pages filled in by somebody else than the faulting thread. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "features/features.h"

#define PAGES 64
#define BYTES (PAGES * PAGE_BYTES)

struct handler {
	int fd;
	char *buffer;
	char *source;
};

static void *fill_in(void *arg)
{
	struct handler *handler = arg;
	struct uffd_msg message;
	size_t left;

	for (left = PAGES; left; left--) {
		struct uffdio_copy copy = {
			.len = PAGE_BYTES,
			.src = (uintptr_t)handler->source,
		};

		if (read(handler->fd, &message, sizeof(message)) !=
		    sizeof(message))
			return NULL;
		copy.dst = message.arg.pagefault.address & ~(PAGE_BYTES - 1);
		pattern_fill_page(handler->source, 0, 56);
		if (ioctl(handler->fd, UFFDIO_COPY, &copy))
			return NULL;
	}
	return NULL;
}

/* Registered memory is its handler's business, not the policy's. */
int feature_userfault(struct child *self, void *arg)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct handler handler;
	pthread_t thread;
	size_t i;

	(void)self;
	(void)arg;
	handler.fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (handler.fd < 0 || ioctl(handler.fd, UFFDIO_API, &api))
		return FEATURE_MISSING;
	handler.buffer = pattern_map(BYTES);
	handler.source = pattern_map(PAGE_BYTES);
	area.range.start = (uintptr_t)handler.buffer;
	area.range.len = BYTES;
	if (ioctl(handler.fd, UFFDIO_REGISTER, &area) ||
	    pthread_create(&thread, NULL, fill_in, &handler))
		return 1;
	for (i = 0; i < PAGES; i++)
		if (pattern_bad_page(handler.buffer + i * PAGE_BYTES, 0, 56))
			return 2;
	pthread_join(thread, NULL);
	return 0;
}

/* A debugger's write to read-only private memory: a copy by force. */
int feature_force_write(struct child *self, void *arg)
{
	char *buffer = pattern_map(BYTES);
	char *source = pattern_map(BYTES);
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	(void)self;
	(void)arg;
	pattern_fill(source, 0, PAGES, 1, 57);
	/* Half of it has the zero page, half has nothing. */
	if (fd < 0 || pattern_nonzero(buffer, 0, PAGES / 2) ||
	    mprotect(buffer, BYTES, PROT_READ))
		return 1;
	if (pwrite(fd, source, BYTES, (off_t)(uintptr_t)buffer) !=
	    (ssize_t)BYTES)
		return 2;
	close(fd);
	return pattern_bad(buffer, 0, PAGES, 1, 57) ? 3 : 0;
}
