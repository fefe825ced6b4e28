/* SPDX-License-Identifier: MIT */
#include "common/client/announced.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int open_proc(const char *path, int *fd)
{
	int opened = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (opened < 0)
		return -errno;
	*fd = opened;
	return 0;
}

int usm_client_open_events(int *fd)
{
	return open_proc(USM_PROC_EVENTS_PATH, fd);
}

int usm_client_open_freed(int *fd)
{
	return open_proc(USM_PROC_FREED_PATH, fd);
}

static int read_records(int fd, void *out, size_t size, uint32_t *nr)
{
	ssize_t got;

	do
		got = read(fd, out, size * *nr);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (!got)
		return -ENODEV;
	*nr = (uint32_t)((size_t)got / size);
	return 0;
}

int usm_client_read_events(int events_fd, struct usm_event *out, uint32_t *nr)
{
	return read_records(events_fd, out, sizeof(*out), nr);
}

int usm_client_read_freed(int freed_fd, uint64_t *pfns, uint32_t *nr)
{
	return read_records(freed_fd, pfns, sizeof(*pfns), nr);
}
