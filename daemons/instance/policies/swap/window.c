/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/window.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/frame_size.h"
#include "instance/policies/swap/reads.h"
#include "instance/policies/swap/vector.h"

#define WINDOW_BYTES (USM_WINDOW_PAGES * USM_FRAME_BYTES)

int usm_window_open(struct usm_window *out)
{
	usm_auto_fd fd = memfd_create("usm-swap-window", MFD_CLOEXEC);
	char *page;

	if (fd < 0 || ftruncate(fd, WINDOW_BYTES))
		return -errno;
	page = mmap(NULL, WINDOW_BYTES, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	*out = (struct usm_window){ .fd = usm_steal_fd(&fd), .page = page };
	return 0;
}

void usm_window_close(struct usm_window *window)
{
	if (!window->page)
		return;
	munmap(window->page, WINDOW_BYTES);
	close(window->fd);
	*window = (struct usm_window){ .fd = -1 };
}

int usm_window_take(struct usm_window *window, struct iovec *frames,
		    uint32_t nr)
{
	return usm_vector_write(window->fd, 0, frames, nr);
}

int usm_window_put(const struct usm_window *window, void *frame)
{
	return usm_reads_here(window->fd, 0, frame, 0);
}
