/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/header.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/frame_size.h"

/* Is it ours to write to, and does it hold pages of this life? */
static int look_at(int fd, const struct usm_swap_file *options,
		   const struct usm_swap_header *ours,
		   struct usm_swap_header *found, bool *fresh,
		   struct usm_failure *failure)
{
	struct usm_swap_header header;
	struct stat stat;
	ssize_t n;

	if (fstat(fd, &stat))
		return usm_fail(failure, USM_EXIT_FAILED, errno, "swap: %s: %s",
				options->path, strerror(errno));
	if (!S_ISREG(stat.st_mode) || stat.st_nlink != 1)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"swap: %s: must be a regular file with "
				"one name",
				options->path);
	*fresh = true;
	if (!stat.st_size)
		return 0;
	n = pread(fd, &header, sizeof(header), 0);
	if (n != (ssize_t)sizeof(header) ||
	    memcmp(header.magic, ours->magic, sizeof(header.magic)) ||
	    header.version != ours->version ||
	    strncmp(header.instance, options->instance,
		    sizeof(header.instance)))
		return usm_fail(failure, USM_EXIT_USAGE, EEXIST,
				"swap: %s: is not empty and no swap file "
				"of instance \"%s\"",
				options->path, options->instance);
	*fresh = header.created_ns != options->created_ns;
	*found = header;
	return 0;
}

struct usm_swap_header usm_swap_header_of(const struct usm_swap_file *options,
					  const char *magic, uint32_t version)
{
	struct usm_swap_header header = {
		.version = version,
		.created_ns = options->created_ns,
	};

	snprintf(header.magic, sizeof(header.magic), "%s", magic);
	snprintf(header.instance, sizeof(header.instance), "%s",
		 options->instance);
	return header;
}

int usm_swap_header_open(const struct usm_swap_file *options, const char *magic,
			 uint32_t version, struct usm_swap_header *found,
			 bool *fresh, struct usm_failure *failure)
{
	struct usm_swap_header ours =
		usm_swap_header_of(options, magic, version);
	usm_auto_fd fd = open(options->path,
			      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int err;

	if (fd < 0)
		return usm_fail(failure, USM_EXIT_FAILED, errno, "swap: %s: %s",
				options->path, strerror(errno));
	err = look_at(fd, options, &ours, found, fresh, failure);
	if (!err && options->nameless && unlink(options->path))
		err = usm_fail(failure, USM_EXIT_FAILED, errno,
			       "swap: %s: removing its name: %s", options->path,
			       strerror(errno));
	return err ? err : usm_steal_fd(&fd);
}

int usm_swap_header_renew(int fd, const struct usm_swap_header *header)
{
	char page[USM_FRAME_BYTES] = { 0 };
	ssize_t n;

	if (ftruncate(fd, 0))
		return -errno;
	memcpy(page, header, sizeof(*header));
	n = pwrite(fd, page, sizeof(page), 0);
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(page) ? 0 : -ENOSPC;
}

void usm_swap_header_withdraw(const struct usm_swap_file *options, bool fresh)
{
	if (fresh && !options->nameless)
		unlink(options->path);
}
