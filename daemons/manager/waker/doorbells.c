// SPDX-License-Identifier: MIT
#include "doorbells.h"

#include <errno.h>
#include <stdlib.h>

#include "common/client.h"

struct doorbell {
	struct usm_channel *page; /* NULL: not mapped */
	uint64_t created_ns; /* with daemon_pid: whose channel it is */
	uint32_t daemon_pid;
};

struct usm_doorbells {
	int device_fd;
	struct doorbell bells[USM_INSTANCES_MAX + 1];
};

int usm_doorbells_new(int device_fd, struct usm_doorbells **out)
{
	struct usm_doorbells *doorbells = calloc(1, sizeof(*doorbells));

	if (!doorbells)
		return -ENOMEM;
	doorbells->device_fd = device_fd;
	*out = doorbells;
	return 0;
}

static void drop(struct doorbell *bell)
{
	usm_client_unmap(bell->page, USM_FRAME_BYTES);
	bell->page = NULL;
}

void usm_doorbells_free(struct usm_doorbells *doorbells)
{
	if (!doorbells)
		return;
	for (size_t i = 0; i <= USM_INSTANCES_MAX; i++)
		drop(&doorbells->bells[i]);
	free(doorbells);
}

int usm_doorbells_get(struct usm_doorbells *doorbells, uint32_t instance,
		      struct usm_channel **page)
{
	struct usm_instance_info info;
	struct doorbell *bell;
	uint32_t nr = 1;
	int ret;

	if (instance > USM_INSTANCES_MAX)
		return -ENOENT;
	bell = &doorbells->bells[instance];
	ret = usm_client_list(doorbells->device_fd, instance, &info, &nr);
	if (ret)
		return ret;
	if (!nr || info.instance != instance ||
	    info.state != USM_INSTANCE_ATTACHED) {
		drop(bell);
		return -ENOENT;
	}
	if (bell->page && (bell->daemon_pid != info.daemon_pid ||
			   bell->created_ns != info.created_ns))
		drop(bell);
	if (!bell->page) {
		ret = usm_client_map_doorbell(doorbells->device_fd, instance,
					      &bell->page);
		if (ret)
			return ret;
		bell->daemon_pid = info.daemon_pid;
		bell->created_ns = info.created_ns;
	}
	*page = bell->page;
	return 0;
}
