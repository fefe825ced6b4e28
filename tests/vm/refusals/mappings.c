/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/fault.h"
#include "lib/instance.h"
#include "lib/partition.h"
#include "lib/raw_daemon.h"
#include "refusals/refusals.h"

static void slices(struct raw_daemon *own, uint32_t foreign)
{
	uint32_t mine = own->claim.extents[0].first;
	struct usm_info info;
	void *p;

	usm_client_info(own->dev, &info);
	require(!usm_client_map_slice(own->dev, mine, 1, &p), "own slice");
	check(!touch_faults(p, true), "own frame can be written");
	usm_client_unmap(p, 4096);

	require(!usm_client_map_slice(own->dev, foreign, 1, &p),
		"mapping over a foreign frame");
	check(touch_faults(p, false), "foreign frame: reading is SIGBUS");
	check(touch_faults(p, true), "foreign frame: writing is SIGBUS");
	usm_client_unmap(p, 4096);

	check_eq(usm_client_map_slice(own->dev, info.pool_frames, 1, &p),
		 -EINVAL, "slice beyond the pool");
	check_eq(usm_client_map_slice(own->dev, 0, info.pool_frames + 1, &p),
		 -EINVAL, "slice longer than the pool");
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, own->dev,
		 (off_t)(USM_MMAP_SLICE + ((uint64_t)mine << 12)));
	check(p == MAP_FAILED && errno == EINVAL, "private slice mapping");
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, own->dev,
		 (off_t)(USM_MMAP_SLICE + ((uint64_t)mine << 12)));
	check(p == MAP_FAILED && errno == EINVAL, "executable slice mapping");
}

static void channels(struct raw_daemon *own, int dev)
{
	struct usm_channel *channel;
	void *p;

	check_eq(usm_client_map_channel(dev, 4096, &channel), -EPERM,
		 "channel without a claim");
	check(usm_client_map_channel(own->dev, own->claim.channel_bytes + 4096,
				     &channel) < 0,
	      "channel beyond its end");
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, own->dev, 1 << 30);
	check(p == MAP_FAILED, "offset that means nothing");
}

static void doorbells(struct raw_daemon *own, int dev)
{
	struct usm_channel *channel;

	check_eq(usm_client_map_doorbell(dev, own->claim.instance, &channel), 0,
		 "doorbell as root");
	check_eq(channel->abi, USM_ABI_VERSION, "the doorbell page is right");
	usm_client_unmap(channel, 4096);
	check_eq(usm_client_map_doorbell(dev, 0, &channel), -ENODEV,
		 "doorbell of instance 0");
	check_eq(usm_client_map_doorbell(dev, USM_INSTANCES_MAX, &channel),
		 -ENODEV, "doorbell of nobody");
	check_eq(usm_client_map_doorbell(dev, USM_INSTANCES_MAX + 1, &channel),
		 -EINVAL, "doorbell beyond the last");
}

void test_mappings(int dev)
{
	const struct instance_options options = {
		.name = "theirs",
		.memory = "1M",
	};
	struct partition partition;
	struct instance other;
	struct raw_daemon own;

	instance_start(&other, dev, &options);
	require(!partition_read(other.pid, &partition), "another partition");
	raw_daemon_open(&own, "mine", 64, 0, 1000);
	slices(&own, partition_first(&partition));
	channels(&own, dev);
	doorbells(&own, dev);
	raw_daemon_close(&own);
	partition_free(&partition);
	check_eq(instance_stop(&other), 0, "the other ends cleanly");
}
