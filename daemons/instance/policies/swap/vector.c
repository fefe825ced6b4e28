/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/vector.h"

#include <errno.h>

/* Drops the first `done` bytes of a vector. */
static void advance(struct iovec **pages, uint32_t *nr, size_t done)
{
	while (*nr && done >= (*pages)->iov_len) {
		done -= (*pages)->iov_len;
		++*pages;
		--*nr;
	}
	if (*nr) {
		(*pages)->iov_base = (char *)(*pages)->iov_base + done;
		(*pages)->iov_len -= done;
	}
}

int usm_vector_write(int fd, off_t at, struct iovec *pages, uint32_t nr)
{
	while (nr) {
		ssize_t n = pwritev(fd, pages, (int)nr, at);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			return -ENOSPC;
		if (n > 0) {
			at += n;
			advance(&pages, &nr, (size_t)n);
		}
	}
	return 0;
}
