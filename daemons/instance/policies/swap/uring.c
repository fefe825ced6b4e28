/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/uring.h"

#include <errno.h>

int usm_uring_submit(struct io_uring *ring, struct io_uring_sqe *sqe)
{
	int n;

	do
		n = io_uring_submit(ring);
	while (n == -EINTR);
	if (n > 0)
		return 0;
	io_uring_prep_nop(sqe);
	sqe->user_data = USM_URING_NOBODY;
	return n ? n : -EIO;
}
