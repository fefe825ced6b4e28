// SPDX-License-Identifier: MIT
#include "doorbells.h"

#include <errno.h>
#include <stdlib.h>

#include "common/client/mappings.h"
#include "common/frame_size.h"

struct usm_doorbells {
	int device_fd;
	struct usm_channel *pages[USM_INSTANCES_MAX + 1]; /* NULL: not mapped */
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

static void drop(struct usm_channel **page)
{
	usm_client_unmap(*page, USM_FRAME_BYTES);
	*page = NULL;
}

void usm_doorbells_free(struct usm_doorbells *doorbells)
{
	if (!doorbells)
		return;
	for (size_t i = 0; i <= USM_INSTANCES_MAX; i++)
		drop(&doorbells->pages[i]);
	free(doorbells);
}

int usm_doorbells_get(struct usm_doorbells *doorbells, uint32_t instance,
		      struct usm_channel **page)
{
	struct usm_channel **mapped;
	int ret;

	if (instance > USM_INSTANCES_MAX)
		return -ENOENT;
	mapped = &doorbells->pages[instance];
	/* A daemon that sets it by itself costs us a mapping, no more. */
	if (*mapped && __atomic_load_n(&(*mapped)->closed, __ATOMIC_ACQUIRE))
		drop(mapped);
	if (!*mapped) {
		ret = usm_client_map_doorbell(doorbells->device_fd, instance,
					      mapped);
		if (ret)
			return ret;
	}
	*page = *mapped;
	return 0;
}
