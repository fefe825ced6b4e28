/* SPDX-License-Identifier: MIT */
#include "common/client/instances.h"

#include <errno.h>
#include <string.h>

#include "common/client/call.h"

int usm_client_list(int fd, uint32_t first, struct usm_instance_info *out,
		    uint32_t *nr)
{
	struct usm_list arg = {
		.ptr = usm_call_ptr(out),
		.nr = *nr,
		.first = first,
	};
	int err = usm_client_call(fd, USM_IOC_LIST, &arg);

	if (!err)
		*nr = arg.nr;
	return err;
}

int usm_client_find(int fd, const char *name, struct usm_instance_info *out)
{
	struct usm_instance_info info;
	uint32_t first = 0;

	for (;;) {
		uint32_t nr = 1;
		int err = usm_client_list(fd, first, &info, &nr);

		if (err)
			return err;
		if (!nr)
			return -ENOENT;
		if (!strncmp(info.name, name, sizeof(info.name))) {
			*out = info;
			return 0;
		}
		first = info.instance + 1;
	}
}

int usm_client_claim(int fd, struct usm_claim *claim)
{
	struct usm_claim arg = *claim;
	int err;

	arg.abi = USM_ABI_VERSION;
	err = usm_client_call(fd, USM_IOC_CLAIM, &arg);
	if (!err)
		*claim = arg;
	else if (err == -ENOSPC || err == -EUCLEAN)
		claim->frames = arg.frames;
	return err;
}

int usm_client_worker(int fd, uint32_t worker)
{
	struct usm_worker arg = { .worker = worker };

	return usm_client_call(fd, USM_IOC_WORKER, &arg);
}

int usm_client_resize(int fd, uint32_t instance, uint32_t frames,
		      struct usm_resize *out)
{
	struct usm_resize arg = { .instance = instance, .frames = frames };
	int err = usm_client_call(fd, USM_IOC_RESIZE, &arg);

	if (out && (!err || err == -ENOSPC))
		*out = arg;
	return err;
}

int usm_client_extents(int fd, uint32_t instance, struct usm_extents *out)
{
	struct usm_extents arg = { .instance = instance };
	int err = usm_client_call(fd, USM_IOC_EXTENTS, &arg);

	if (!err)
		*out = arg;
	return err;
}

int usm_client_destroy(int fd, uint32_t instance)
{
	struct usm_destroy arg = { .instance = instance };

	return usm_client_call(fd, USM_IOC_DESTROY, &arg);
}
