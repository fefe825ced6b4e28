/* SPDX-License-Identifier: MIT */
#include "common/client/device.h"

#include <errno.h>
#include <fcntl.h>

#include "common/cleanup.h"
#include "common/client/call.h"

int usm_client_info(int fd, struct usm_info *out)
{
	struct usm_info info = { .abi = USM_ABI_VERSION };
	int err = usm_client_call(fd, USM_IOC_INFO, &info);

	if (!err)
		*out = info;
	return err;
}

int usm_client_open(const char *path, int *fd)
{
	struct usm_info info;
	usm_auto_fd dev = -1;
	int err;

	dev = open(path ? path : USM_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (dev < 0)
		return -errno;
	err = usm_client_info(dev, &info);
	if (err)
		return err;
	*fd = usm_steal_fd(&dev);
	return 0;
}
