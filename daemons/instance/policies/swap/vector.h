/* SPDX-License-Identifier: MIT */
/*
 * vector.h - writes a vector of pages to a file, however often it takes.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_VECTOR_H
#define USM_INSTANCE_POLICIES_SWAP_VECTOR_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * Writes all of it from `at` on, using up pages.  0, or the error of
 * pwritev(); -ENOSPC when the file takes no more.
 */
int usm_vector_write(int fd, off_t at, struct iovec *pages, uint32_t nr);

#endif /* USM_INSTANCE_POLICIES_SWAP_VECTOR_H */
