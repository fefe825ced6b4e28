/* SPDX-License-Identifier: MIT */
/*
 * reads.h - reads of pages from a file that go on beside their caller.
 *
 * Two ways: io_uring, and, where a machine forbids that, a few threads.  Both
 * have the kernel copy straight into the page, through the caller's mapping:
 * that works for frames of the pool (a mapping without struct pages, which
 * direct I/O and registered buffers refuse), and a frame that has left the
 * partition is -EFAULT.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_READS_H
#define USM_INSTANCE_POLICIES_SWAP_READS_H

#include <stdint.h>
#include <sys/types.h>

#include "instance/policies/swap/device.h"

/*
 * Reads under way at once: more than a disk gains from, less than the threads
 * of a big member, which then wait for each other's completions.
 */
#define USM_READS_MAX 256U

struct usm_reads {
	void *ctx;
	const char *name; /* "io_uring" or "threads" */

	/* Counts completions up, of others' rings, too; -1: there is none. */
	int eventfd;

	/*
	 * Starts reading a page from `at` of the file: 0, -EAGAIN when
	 * USM_READS_MAX are under way, or -errno.  One thread.
	 */
	int (*begin)(void *ctx, off_t at, void *page, uint64_t token);

	/* As load_reap() of a device.  The same thread. */
	uint32_t (*reap)(void *ctx, struct usm_swap_done *done, uint32_t nr);

	/* As load_notify() of a device. */
	int (*notify)(void *ctx, void (*wake)(void *ctx), void *wake_ctx);

	/* Waits for what is under way, ends every thread, frees. */
	void (*close)(void *ctx);
};

/*
 * Reads a page from `at` of a file and waits for it; its first `have` bytes
 * are there.  -EIO when the file is shorter, else the error of pread().
 */
int usm_reads_here(int fd, off_t at, void *page, uint32_t have);

/*
 * Reads of fd, which must stay open until close.  Opened by who still has all
 * rights: kernel.io_uring_disabled=1 asks for some.  -ENOMEM, or whatever
 * speaks against io_uring: -EPERM, -ENOSYS.
 */
int usm_reads_uring(int fd, struct usm_reads *out);

/* The same by threads, which start with notify.  -ENOMEM. */
int usm_reads_threads(int fd, struct usm_reads *out);

#endif /* USM_INSTANCE_POLICIES_SWAP_READS_H */
