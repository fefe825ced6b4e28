/* SPDX-License-Identifier: MIT */
/*
 * writes.h - writes of pages to a file that go on beside their caller, by
 * io_uring.
 *
 * The kernel's own threads copy from the pages, through the caller's mapping,
 * as for reads.h; the caller copies nothing.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_WRITES_H
#define USM_INSTANCE_POLICIES_SWAP_WRITES_H

#include <stdint.h>
#include <sys/types.h>

#include "instance/policies/swap/device.h"

struct usm_writes;

/*
 * Writes to fd, which must stay open until close; eventfd (borrowed) counts up
 * with every completion.  *out belongs to the caller.  Opened by who still has
 * all rights, as usm_reads_uring().  ENOMEM, or what speaks against io_uring.
 */
int usm_writes_open(int fd, int eventfd, struct usm_writes **out);

/* Waits for what is under way and frees it; NULL is fine. */
void usm_writes_close(struct usm_writes *writes);

/* As store_begin() of a device, at a place in the file. */
int usm_writes_begin(struct usm_writes *writes, off_t at,
		     const struct iovec *pages, uint32_t nr, uint64_t token);

/*
 * As store_reap() of a device; *pages (NULL is fine) counts up by the pages
 * that were written.  A write that came short is -EIO.
 */
uint32_t usm_writes_reap(struct usm_writes *writes, struct usm_swap_done *done,
			 uint32_t nr, uint64_t *pages);

#endif /* USM_INSTANCE_POLICIES_SWAP_WRITES_H */
