/* SPDX-License-Identifier: MIT */
#include "common/client/evict.h"

#include "common/client/call.h"
#include "common/frame_size.h"

int usm_client_evict(int fd, struct usm_evict_entry *entries, uint32_t nr,
		     uint32_t *done)
{
	return usm_call_entries(fd, USM_IOC_EVICT, entries, sizeof(*entries),
				nr, done);
}

int usm_client_swapin(int fd, struct usm_swapin_entry *entries, uint32_t nr,
		      uint32_t *done)
{
	return usm_call_entries(fd, USM_IOC_SWAPIN, entries, sizeof(*entries),
				nr, done);
}

int usm_client_pages(int fd, uint32_t member, uint64_t addr, uint32_t nr,
		     uint32_t flags, uint64_t *words)
{
	uint32_t at, step;

	for (at = 0; at < nr; at += step) {
		struct usm_pages arg = {
			.addr = addr + ((uint64_t)at << USM_FRAME_SHIFT),
			.ptr = usm_call_ptr(words + at),
			.member = member,
			.flags = flags,
		};
		int err;

		step = nr - at < USM_PAGES_MAX ? nr - at : USM_PAGES_MAX;
		arg.nr = step;
		err = usm_client_call(fd, USM_IOC_PAGES, &arg);
		if (err)
			return err;
	}
	return 0;
}

int usm_client_evicted(int fd, uint64_t after, struct usm_evicted_info *out,
		       uint32_t *nr)
{
	struct usm_evicted arg = {
		.ptr = usm_call_ptr(out),
		.after = after,
		.nr = usm_call_batch(*nr),
	};
	int err = usm_client_call(fd, USM_IOC_EVICTED, &arg);

	if (!err)
		*nr = arg.nr;
	return err;
}
