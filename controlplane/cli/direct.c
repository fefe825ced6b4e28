// SPDX-License-Identifier: MIT
#include "direct.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/client/device.h"
#include "common/client/instances.h"
#include "common/client/members.h"
#include "common/frame_size.h"
#include "common/size.h"

static int open_device(int *fd)
{
	int ret = usm_client_open(NULL, fd);

	if (!ret)
		return USM_EXIT_OK;
	if (ret == -EACCES || ret == -EPERM) {
		usm_say(USM_DEVICE_PATH ": you may not open it");
		return USM_EXIT_DENIED;
	}
	if (ret == -ENOENT || ret == -ENXIO)
		usm_say(USM_DEVICE_PATH ": the module usm_lkmRM is not loaded");
	else
		usm_say(USM_DEVICE_PATH ": %s", strerror(-ret));
	return USM_EXIT_UNREACHABLE;
}

int usm_direct_bind_self(const char *instance)
{
	usm_auto_fd fd = -1, pidfd = -1;
	struct usm_instance_info info;
	int ret = open_device(&fd);

	if (ret)
		return ret;
	ret = usm_client_find(fd, instance, &info);
	if (ret) {
		usm_say("there is no instance \"%s\"", instance);
		return USM_EXIT_NOT_FOUND;
	}
	ret = usm_client_pidfd(getpid(), &pidfd);
	if (!ret)
		ret = usm_client_bind(fd, info.instance, pidfd, USM_INHERIT_ALL,
				      NULL);
	if (ret)
		usm_say("binding to \"%s\" failed: %s", instance,
			strerror(-ret));
	return usm_exit_from_errno(ret);
}

static const char *state_name(unsigned int state)
{
	switch (state) {
	case USM_INSTANCE_ATTACHED:
		return "running";
	case USM_INSTANCE_QUARANTINED:
		return "quarantined";
	case USM_INSTANCE_LOST:
		return "lost";
	default:
		return "draining";
	}
}

int usm_direct_list(void)
{
	struct usm_instance_info info;
	usm_auto_fd fd = -1;
	uint32_t first = 1, nr = 1;
	int ret = open_device(&fd);

	if (ret)
		return ret;
	printf("%-32s %-11s %8s %8s %8s %7s\n", "NAME", "STATE", "OWNED",
	       "MAPPED", "FREE", "MEMBERS");
	while (!(ret = usm_client_list(fd, first, &info, &nr)) && nr) {
		char owned[USM_SIZE_TEXT], mapped[USM_SIZE_TEXT];
		char free_bytes[USM_SIZE_TEXT];

		usm_size_format((uint64_t)info.owned << USM_FRAME_SHIFT, owned,
				sizeof(owned));
		usm_size_format((uint64_t)info.frames[USM_FRAME_MAPPED]
					<< USM_FRAME_SHIFT,
				mapped, sizeof(mapped));
		usm_size_format((uint64_t)info.frames[USM_FRAME_FREE]
					<< USM_FRAME_SHIFT,
				free_bytes, sizeof(free_bytes));
		printf("%-32.40s %-11s %8s %8s %8s %7u\n", info.name,
		       state_name(info.state), owned, mapped, free_bytes,
		       info.nr_members);
		first = info.instance + 1;
	}
	if (ret)
		usm_say("the kernel does not answer: %s", strerror(-ret));
	return usm_exit_from_errno(ret);
}
