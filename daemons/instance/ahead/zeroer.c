/* SPDX-License-Identifier: MIT */
#include "instance/ahead/zeroer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/frame_size.h"

int usm_zeroer_open(struct usm_zeroer *zeroer, char *pool)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*zeroer = (struct usm_zeroer){ .fd = fd, .pool = pool };
	return 0;
}

void usm_zeroer_close(struct usm_zeroer *zeroer)
{
	if (zeroer->fd >= 0)
		close(zeroer->fd);
	zeroer->fd = -1;
}

uint32_t usm_zeroer_run(const struct usm_zeroer *zeroer, const uint32_t *frames,
			uint32_t nr)
{
	struct iovec iov[USM_ZERO_SLICE];
	ssize_t got;
	uint32_t i;

	if (nr > USM_ZERO_SLICE)
		nr = USM_ZERO_SLICE;
	for (i = 0; i < nr; i++)
		iov[i] = (struct iovec){
			.iov_base = zeroer->pool +
				    ((uint64_t)frames[i] << USM_FRAME_SHIFT),
			.iov_len = USM_FRAME_BYTES,
		};
	do {
		got = readv(zeroer->fd, iov, (int)nr);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? 0 : (uint32_t)((size_t)got / USM_FRAME_BYTES);
}
