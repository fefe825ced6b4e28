/* SPDX-License-Identifier: MIT */
#include "common/client/mappings.h"

#include <errno.h>
#include <sys/mman.h>

#include "common/frame_size.h"

static int map_shared(int fd, uint64_t offset, uint64_t bytes, void **out)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       (off_t)offset);

	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

int usm_client_map_channel(int fd, uint64_t bytes, struct usm_channel **out)
{
	void *p = NULL;
	int err = map_shared(fd, USM_MMAP_CHANNEL, bytes, &p);

	if (!err)
		*out = p;
	return err;
}

int usm_client_map_slice(int fd, uint32_t first, uint32_t frames, void **out)
{
	uint64_t offset = USM_MMAP_SLICE + ((uint64_t)first << USM_FRAME_SHIFT);

	return map_shared(fd, offset, (uint64_t)frames << USM_FRAME_SHIFT, out);
}

int usm_client_map_doorbell(int fd, uint32_t instance, struct usm_channel **out)
{
	uint64_t offset =
		USM_MMAP_DOORBELL + ((uint64_t)instance << USM_FRAME_SHIFT);
	void *p = NULL;
	int err = map_shared(fd, offset, USM_FRAME_BYTES, &p);

	if (!err)
		*out = p;
	return err;
}

void usm_client_unmap(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}
