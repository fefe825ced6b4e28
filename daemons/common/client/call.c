/* SPDX-License-Identifier: MIT */
#include "common/client/call.h"

#include <errno.h>
#include <sys/ioctl.h>

/* All that have entries only are laid out like the first of them. */
#define LIKE_MAP(type)                                                  \
	_Static_assert(sizeof(struct type) == sizeof(struct usm_map) && \
			       offsetof(struct type, ptr) ==            \
				       offsetof(struct usm_map, ptr) && \
			       offsetof(struct type, nr) ==             \
				       offsetof(struct usm_map, nr) &&  \
			       offsetof(struct type, done) ==           \
				       offsetof(struct usm_map, done),  \
		       #type)

LIKE_MAP(usm_grant);
LIKE_MAP(usm_free);
LIKE_MAP(usm_move);
LIKE_MAP(usm_evict);
LIKE_MAP(usm_swapin);

int usm_client_call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int usm_call_entries(int fd, unsigned long request, void *entries, size_t size,
		     uint32_t nr, uint32_t *done)
{
	uint32_t at, taken = 0;

	for (at = 0; at < nr; at += usm_call_batch(nr - at)) {
		struct usm_map arg = {
			.ptr = usm_call_ptr((char *)entries + at * size),
			.nr = usm_call_batch(nr - at),
		};
		int err = usm_client_call(fd, request, &arg);

		if (err)
			return err;
		taken += arg.done;
	}
	if (done)
		*done = taken;
	return 0;
}
