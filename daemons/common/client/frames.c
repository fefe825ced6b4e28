/* SPDX-License-Identifier: MIT */
#include "common/client/frames.h"

#include "common/client/call.h"

int usm_client_map(int fd, struct usm_map_entry *entries, uint32_t nr,
		   uint32_t *done)
{
	return usm_call_entries(fd, USM_IOC_MAP, entries, sizeof(*entries), nr,
				done);
}

int usm_client_push(int fd, const uint32_t *frames, uint32_t nr,
		    struct usm_push *push)
{
	struct usm_push arg = *push;
	uint32_t at = 0;

	do {
		int err;

		arg.ptr = usm_call_ptr(frames + at);
		arg.nr = usm_call_batch(nr - at);
		arg.done = 0;
		arg.error = 0;
		err = usm_client_call(fd, USM_IOC_PUSH, &arg);
		/* What an earlier batch took is taken: say so. */
		if (err && !at)
			return err;
		if (err)
			arg.error = err;
		at += arg.done;
	} while (!arg.error && at < nr);
	push->done = at;
	push->error = arg.error;
	return 0;
}

int usm_client_grant(int fd, struct usm_grant_entry *entries, uint32_t nr,
		     uint32_t *done)
{
	return usm_call_entries(fd, USM_IOC_GRANT, entries, sizeof(*entries),
				nr, done);
}

int usm_client_free(int fd, struct usm_free_entry *entries, uint32_t nr,
		    uint32_t *done)
{
	return usm_call_entries(fd, USM_IOC_FREE, entries, sizeof(*entries), nr,
				done);
}

int usm_client_move(int fd, struct usm_move_entry *entries, uint32_t nr,
		    uint32_t *done)
{
	return usm_call_entries(fd, USM_IOC_MOVE, entries, sizeof(*entries), nr,
				done);
}

int usm_client_scan(int fd, uint32_t *home)
{
	struct usm_scan arg = { .flags = 0 };
	int err = usm_client_call(fd, USM_IOC_SCAN, &arg);

	if (!err && home)
		*home = arg.home;
	return err;
}

int usm_client_frames(int fd, uint32_t first, struct usm_frame_info *out,
		      uint32_t *nr)
{
	struct usm_frames arg = {
		.ptr = usm_call_ptr(out),
		.nr = *nr,
		.first = first,
	};
	int err = usm_client_call(fd, USM_IOC_FRAMES, &arg);

	if (!err)
		*nr = arg.nr;
	return err;
}
