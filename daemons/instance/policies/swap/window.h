/* SPDX-License-Identifier: MIT */
/*
 * window.h - memory of our own through which frames are read and written.
 *
 * A frame may leave the partition at any moment, and whoever touches it then
 * gets a signal.  The kernel copying on our behalf gets -EFAULT instead, and
 * what it copied does not change under our hands.  One thread.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_WINDOW_H
#define USM_INSTANCE_POLICIES_SWAP_WINDOW_H

#include <stdint.h>
#include <sys/uio.h>

/* As many pages as one eviction brings, so that one call copies them. */
#define USM_WINDOW_PAGES 32U

struct usm_window {
	int fd;
	char *page; /* USM_WINDOW_PAGES of them */
};

/* *out is the caller's.  -errno. */
int usm_window_open(struct usm_window *out);

/* Closes it; one that is zeroed, or closed already, is fine. */
void usm_window_close(struct usm_window *window);

/*
 * Copies nr frames, at most USM_WINDOW_PAGES, to the window's first pages.
 * frames may be used up.  -EFAULT: one of them cannot be read.
 */
int usm_window_take(struct usm_window *window, struct iovec *frames,
		    uint32_t nr);

/* Copies the window's first page to a frame.  -EFAULT: not to be written. */
int usm_window_put(const struct usm_window *window, void *frame);

#endif /* USM_INSTANCE_POLICIES_SWAP_WINDOW_H */
