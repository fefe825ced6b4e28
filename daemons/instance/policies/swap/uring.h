/* SPDX-License-Identifier: MIT */
/*
 * uring.h - handing entries to an io_uring one by one.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_URING_H
#define USM_INSTANCE_POLICIES_SWAP_URING_H

#include <liburing.h>
#include <stdint.h>

/* The user_data of an entry that is nobody's. */
#define USM_URING_NOBODY UINT64_MAX

/*
 * Hands the last entry to the kernel.  What it did not take stays queued and
 * would go with the next: it is made nobody's, so that what was refused is not
 * done after all.  -errno.
 */
int usm_uring_submit(struct io_uring *ring, struct io_uring_sqe *sqe);

#endif /* USM_INSTANCE_POLICIES_SWAP_URING_H */
