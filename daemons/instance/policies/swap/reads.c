/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/reads.h"

#include <errno.h>
#include <unistd.h>

#include "common/frame_size.h"

int usm_reads_here(int fd, off_t at, void *page, uint32_t have)
{
	while (have < USM_FRAME_BYTES) {
		ssize_t n = pread(fd, (char *)page + have,
				  USM_FRAME_BYTES - have, at + (off_t)have);

		if (n < 0 && errno != EINTR)
			return -errno;
		/* Somebody made the file shorter: the page is not there. */
		if (!n)
			return -EIO;
		if (n > 0)
			have += (uint32_t)n;
	}
	return 0;
}
