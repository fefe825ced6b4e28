/* SPDX-License-Identifier: MIT */
#include "instance/thresholds/watch.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "instance/thresholds/level.h"

int usm_threshold_watch_open(struct usm_threshold_watch *watch,
			     const struct usm_config_thresholds *thresholds,
			     uint32_t frames)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	*watch = (struct usm_threshold_watch){
		.thresholds = thresholds,
		.fd = fd,
		.frames = frames,
	};
	return 0;
}

void usm_threshold_watch_close(struct usm_threshold_watch *watch)
{
	close(watch->fd);
}

void usm_threshold_watch_resized(struct usm_threshold_watch *watch,
				 uint32_t frames)
{
	__atomic_store_n(&watch->frames, frames, __ATOMIC_RELAXED);
}

void usm_threshold_watch_see(struct usm_threshold_watch *watch,
			     uint32_t nr_free)
{
	unsigned int was = usm_threshold_watch_level(watch);
	uint32_t frames = __atomic_load_n(&watch->frames, __ATOMIC_RELAXED);
	unsigned int level =
		usm_threshold_level(watch->thresholds, frames, nr_free, was);

	/* Who comes second saw it with an older count, and looks again. */
	if (level != was &&
	    __atomic_compare_exchange_n(&watch->level, &was, level, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		eventfd_write(watch->fd, 1);
}

unsigned int usm_threshold_watch_level(const struct usm_threshold_watch *watch)
{
	return __atomic_load_n(&watch->level, __ATOMIC_RELAXED);
}
