/* SPDX-License-Identifier: MIT */
#include "lib/raw_daemon.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/child.h"
#include "lib/wait.h"

void raw_daemon_open(struct raw_daemon *daemon, const char *name,
		     uint32_t frames, uint32_t flags, uint32_t deadline_ms)
{
	raw_daemon_open_for(daemon, name, frames, flags, deadline_ms, 0);
}

void raw_daemon_open_for(struct raw_daemon *daemon, const char *name,
			 uint32_t frames, uint32_t flags, uint32_t deadline_ms,
			 uint32_t owner_uid)
{
	struct usm_claim claim = {
		.frames = frames,
		.flags = flags,
		.deadline_ms = deadline_ms,
		.owner_uid = owner_uid,
	};

	snprintf(claim.name, sizeof(claim.name), "%s", name);
	raw_daemon_claim(daemon, &claim);
}

void raw_daemon_claim(struct raw_daemon *daemon, const struct usm_claim *claim)
{
	int err;

	memset(daemon, 0, sizeof(*daemon));
	daemon->claim = *claim;
	if (usm_client_open(NULL, &daemon->dev))
		require(false, "the device opens");
	err = usm_client_claim(daemon->dev, &daemon->claim);
	if (!err)
		err = usm_client_map_channel(daemon->dev,
					     daemon->claim.channel_bytes,
					     &daemon->channel);
	if (err)
		require(false, "\"%s\" is claimed (%d)", claim->name, err);
	daemon->pfq =
		(void *)((char *)daemon->channel + daemon->channel->pfq_offset);
	daemon->slots = (void *)((char *)daemon->channel +
				 daemon->channel->slots_offset);
}

void raw_daemon_close(struct raw_daemon *daemon)
{
	if (daemon->serving) {
		__atomic_store_n(&daemon->stop, true, __ATOMIC_RELAXED);
		pthread_join(daemon->thread, NULL);
	}
	usm_client_unmap(daemon->channel, daemon->claim.channel_bytes);
	close(daemon->dev);
	memset(daemon, 0, sizeof(*daemon));
	daemon->dev = -1;
}

int raw_daemon_register(struct raw_daemon *daemon)
{
	/* Never asleep on its doorbell: nobody needs to ring it. */
	daemon->channel->doorbell[0].state = USM_WORKER_RUNNING;
	return usm_client_worker(daemon->dev, 0);
}

int raw_daemon_next(struct raw_daemon *daemon)
{
	uint64_t word;
	__u64 *leaf;
	uint32_t i;

	for (i = 0; i < daemon->claim.nr_slots / 64; i++) {
		leaf = &daemon->pfq->leaf[i];
		word = __atomic_load_n(leaf, __ATOMIC_ACQUIRE);
		if (!word)
			continue;
		word &= -word;
		__atomic_fetch_and(leaf, ~word, __ATOMIC_SEQ_CST);
		return (int)(i * 64) + __builtin_ctzll(word);
	}
	return -1;
}

int raw_daemon_wait(struct raw_daemon *daemon, unsigned int limit_ms)
{
	int slot;

	wait_until(limit_ms, (slot = raw_daemon_next(daemon)) >= 0);
	return slot;
}

int raw_daemon_answer(struct raw_daemon *daemon, uint32_t slot, uint32_t gen,
		      uint32_t frame)
{
	struct usm_map_entry entry = { .slot = slot,
				       .gen = gen,
				       .frame = frame };
	int err = usm_client_map(daemon->dev, &entry, 1, NULL);

	return err ? err : entry.result;
}

int raw_daemon_frame(struct raw_daemon *daemon, uint32_t frame)
{
	struct usm_frame_info info;
	uint32_t nr = 1;
	int err = usm_client_frames(daemon->dev, frame, &info, &nr);

	return err ? err : info.state;
}

static void answer_one(struct raw_daemon *daemon, uint32_t slot)
{
	uint32_t frame = USM_FRAME_NONE;

	if (daemon->answer != USM_FRAME_NONE)
		frame = daemon->answer + daemon->given;
	if (raw_daemon_answer(daemon, slot, daemon->slots[slot].gen, frame))
		__atomic_add_fetch(&daemon->refused, 1, __ATOMIC_RELAXED);
	else
		__atomic_add_fetch(&daemon->given, 1, __ATOMIC_RELAXED);
}

static void *serve(void *arg)
{
	struct raw_daemon *daemon = arg;
	int slot;

	daemon->error = raw_daemon_register(daemon);
	__atomic_store_n(&daemon->serving, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&daemon->stop, __ATOMIC_RELAXED)) {
		slot = raw_daemon_next(daemon);
		if (slot >= 0)
			answer_one(daemon, (uint32_t)slot);
		else
			pause_ms(1);
	}
	return NULL;
}

void raw_daemon_serve(struct raw_daemon *daemon, bool refuse)
{
	daemon->answer =
		refuse ? USM_FRAME_NONE : daemon->claim.extents[0].first;
	if (pthread_create(&daemon->thread, NULL, serve, daemon))
		require(false, "a thread starts");
	wait_until(CHILD_LIMIT_MS,
		   __atomic_load_n(&daemon->serving, __ATOMIC_ACQUIRE));
	if (daemon->error)
		require(false, "a worker registers (%d)", daemon->error);
}
