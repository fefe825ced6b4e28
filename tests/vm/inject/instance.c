/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <unistd.h>

#include "common/client.h"
#include "inject/inject.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#define FRAMES 64
#define LIMIT_MS 30000

struct claimed {
	int dev; /* of the test */
	int fd; /* with the claim */
	struct usm_claim claim;
	uint32_t free; /* of the pool, before */
};

static int run_open(void *with)
{
	struct claimed *claimed = with;

	return usm_client_open(NULL, &claimed->fd);
}

static void undo_open(void *with)
{
	struct claimed *claimed = with;

	close(claimed->fd);
}

static int run_claim(void *with)
{
	struct claimed *claimed = with;
	struct usm_claim claim = { .name = "inject", .frames = FRAMES };
	int err = usm_client_open(NULL, &claimed->fd);

	if (err)
		return err;
	err = usm_client_claim(claimed->fd, &claim);
	if (err)
		close(claimed->fd);
	else
		claimed->claim = claim;
	return err;
}

static bool all_free(void *with)
{
	const struct claimed *claimed = with;
	struct usm_info info;

	return wait_until(LIMIT_MS, !usm_client_info(claimed->dev, &info) &&
					    info.free_frames == claimed->free &&
					    info.nr_instances == 0);
}

static int run_mappings(void *with)
{
	struct claimed *claimed = with;
	struct usm_channel *channel;
	uint64_t bytes = claimed->claim.channel_bytes;
	void *slice;
	int err = usm_client_map_channel(claimed->fd, bytes, &channel);

	if (err)
		return err;
	err = usm_client_map_slice(claimed->fd, claimed->claim.extents[0].first,
				   FRAMES, &slice);
	if (!err)
		usm_client_unmap(slice, FRAMES * PAGE_BYTES);
	usm_client_unmap(channel, bytes);
	return err;
}

static int run_files(void *with)
{
	int events, freed;
	int err = usm_client_open_events(&events);

	(void)with;
	if (err)
		return err;
	err = usm_client_open_freed(&freed);
	if (!err)
		close(freed);
	close(events);
	return err;
}

static int run_reads(void *with)
{
	struct claimed *claimed = with;
	struct usm_frame_info frames[FRAMES];
	struct usm_instance_info info;
	struct usm_member_info member;
	struct usm_extents extents;
	uint32_t nr = 1, some = FRAMES;
	int err = usm_client_list(claimed->fd, 0, &info, &nr);

	nr = 1;
	if (!err)
		err = usm_client_members(claimed->fd, claimed->claim.instance,
					 0, &member, &nr);
	if (!err)
		err = usm_client_frames(claimed->fd, 0, frames, &some);
	if (!err)
		err = usm_client_extents(claimed->fd, claimed->claim.instance,
					 &extents);
	return err;
}

void test_instance(int dev)
{
	static const struct operation operations[] = {
		{ "open", run_open, undo_open, NULL },
		{ "claim", run_claim, undo_open, all_free },
	};
	static const struct operation with_claim[] = {
		{ "mappings", run_mappings, NULL, NULL },
		{ "files", run_files, NULL, NULL },
		{ "reads", run_reads, NULL, NULL },
	};
	struct claimed claimed = { .dev = dev };
	struct usm_info info;
	size_t i;

	require(!usm_client_info(dev, &info), "the pool is read");
	claimed.free = info.free_frames;
	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		inject_all(&operations[i], &claimed);
	require(!run_claim(&claimed), "a claim");
	for (i = 0; i < sizeof(with_claim) / sizeof(with_claim[0]); i++)
		inject_all(&with_claim[i], &claimed);
	close(claimed.fd);
	check(all_free(&claimed), "all of it came back");
}
