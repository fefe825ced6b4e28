/* SPDX-License-Identifier: MIT */
#include "lib/partition.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/client.h"
#include "lib/check.h"

/* The number of the daemon's descriptor of the device. */
static int find_descriptor(pid_t daemon)
{
	char dir[64], path[384], target[64];
	int found = -ENOENT;
	struct dirent *entry;
	DIR *fds;

	snprintf(dir, sizeof(dir), "/proc/%d/fd", (int)daemon);
	fds = opendir(dir);
	if (!fds)
		return -errno;
	while ((entry = readdir(fds))) {
		ssize_t n;

		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (!strcmp(target, USM_DEVICE_PATH)) {
			found = atoi(entry->d_name);
			break;
		}
	}
	closedir(fds);
	return found;
}

int daemon_device(pid_t daemon)
{
	usm_auto_fd pidfd = -1;
	int err = usm_client_pidfd(daemon, &pidfd), number;
	long fd;

	if (err)
		return err;
	number = find_descriptor(daemon);
	if (number < 0)
		return number;
	fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);
	return fd < 0 ? -errno : (int)fd;
}

int partition_read_fd(int claim_fd, struct partition *out)
{
	struct usm_frame_info frames[USM_BATCH_MAX];
	struct partition p = { 0 };
	struct usm_info info;
	uint32_t at, i, nr;
	int err = usm_client_info(claim_fd, &info);

	if (err)
		return err;
	p.base_pfn = info.base_pfn;
	p.pool_frames = info.pool_frames;
	p.state = calloc(info.pool_frames, 1);
	if (!p.state)
		return -ENOMEM;
	for (at = 0; at < p.pool_frames; at += nr) {
		nr = p.pool_frames - at;
		if (nr > USM_BATCH_MAX)
			nr = USM_BATCH_MAX;
		err = usm_client_frames(claim_fd, at, frames, &nr);
		if (err || !nr) {
			free(p.state);
			return err ? err : -EIO;
		}
		for (i = 0; i < nr; i++) {
			p.state[at + i] = frames[i].state;
			p.owned += frames[i].state != USM_FRAME_POOL;
		}
	}
	*out = p;
	return 0;
}

int partition_read(pid_t daemon, struct partition *out)
{
	usm_auto_fd fd = daemon_device(daemon);

	return fd < 0 ? fd : partition_read_fd(fd, out);
}

void partition_free(struct partition *partition)
{
	free(partition->state);
	partition->state = NULL;
}

bool partition_in_pool(const struct partition *partition, uint64_t pfn)
{
	return pfn >= partition->base_pfn &&
	       pfn - partition->base_pfn < partition->pool_frames;
}

bool partition_has(const struct partition *partition, uint64_t pfn)
{
	return partition_in_pool(partition, pfn) &&
	       partition->state[pfn - partition->base_pfn] != USM_FRAME_POOL;
}

uint32_t partition_first(const struct partition *partition)
{
	uint32_t i;

	for (i = 0; i < partition->pool_frames; i++)
		if (partition->state[i] != USM_FRAME_POOL)
			return i;
	require(false, "a partition with frames");
	return USM_FRAME_NONE;
}
