/* SPDX-License-Identifier: MIT */
#include "lib/swapper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/child.h"
#include "lib/partition.h"
#include "lib/wait.h"

#define FREED_BATCH 256
#define EVICT_BATCH 64

/* The caller holds the lock. */
static uint32_t new_cookie(struct swapper *swapper)
{
	uint32_t i;

	for (i = 1; i < swapper->nr_store; i++) {
		if (!swapper->store[i].used) {
			swapper->store[i].used = true;
			swapper->store[i].frame = USM_FRAME_NONE;
			return i;
		}
	}
	require(false, "the store has room");
	return 0;
}

static void *frame_bytes(struct swapper *swapper, uint32_t frame)
{
	return swapper->slice + ((uint64_t)frame << USM_FRAME_SHIFT);
}

/* The caller holds the lock.  Not those that leave the partition. */
static void put_free(struct swapper *swapper, uint32_t frame)
{
	const struct usm_extents *extents = &swapper->extents;
	uint32_t i;

	for (i = 0; i < extents->nr_extents; i++)
		if (frame >= extents->extents[i].first &&
		    frame - extents->extents[i].first <
			    extents->extents[i].frames)
			swapper->free[swapper->nr_free++] = frame;
}

/* The caller holds the lock. */
static void read_freed(struct swapper *swapper)
{
	uint64_t pfns[FREED_BATCH];
	uint32_t nr, i;

	for (;;) {
		nr = FREED_BATCH;
		if (usm_client_read_freed(swapper->freed_fd, pfns, &nr))
			return;
		for (i = 0; i < nr; i++)
			put_free(swapper,
				 (uint32_t)(pfns[i] - swapper->base_pfn));
	}
}

static struct usm_notices *notices(struct swapper *swapper)
{
	return (void *)((char *)swapper->daemon.channel +
			swapper->daemon.channel->notices_offset);
}

/* The caller holds the lock. */
static void read_notices(struct swapper *swapper)
{
	struct usm_notices *ring = notices(swapper);
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->tail;

	for (; tail != head; tail++) {
		struct usm_notice *notice = &ring->ring[tail % USM_NOTICES];

		if (notice->type == USM_NOTICE_RETAKEN)
			swapper->retaken++;
		if (notice->type == USM_NOTICE_DROPPED) {
			swapper->dropped++;
			swapper->store[notice->cookie].used = false;
		}
	}
	__atomic_store_n(&ring->tail, tail, __ATOMIC_RELEASE);
}

/* The caller holds the lock. */
static uint32_t free_frame(struct swapper *swapper)
{
	if (swapper->nr_free == 0) {
		usm_client_scan(swapper->daemon.dev, NULL);
		read_freed(swapper);
	}
	return swapper->nr_free ? swapper->free[--swapper->nr_free]
				: USM_FRAME_NONE;
}

static void answer(struct swapper *swapper, uint32_t index)
{
	struct usm_slot slot = swapper->daemon.slots[index];
	struct stored *stored;
	uint32_t frame;
	int err;

	turns_take(&swapper->lock);
	frame = free_frame(swapper);
	if (slot.kind == USM_FAULT_SWAPIN && frame != USM_FRAME_NONE) {
		stored = &swapper->store[slot.cookie];
		memcpy(frame_bytes(swapper, frame), stored->bytes,
		       USM_FRAME_BYTES);
		swapper->swapins++;
	}
	err = raw_daemon_answer(&swapper->daemon, index, slot.gen, frame);
	if (err == -ESTALE && frame != USM_FRAME_NONE)
		put_free(swapper, frame);
	else if (err)
		check(false, "frame %u is taken for an answer (%d, state %d)",
		      frame, err, raw_daemon_frame(&swapper->daemon, frame));
	turns_leave(&swapper->lock);
}

static void *serve(void *arg)
{
	struct swapper *swapper = arg;
	int slot;

	swapper->error = raw_daemon_register(&swapper->daemon);
	__atomic_store_n(&swapper->serving, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&swapper->stop, __ATOMIC_RELAXED)) {
		slot = __atomic_load_n(&swapper->mute, __ATOMIC_RELAXED)
			       ? -1
			       : raw_daemon_next(&swapper->daemon);
		if (slot >= 0)
			answer(swapper, (uint32_t)slot);
		else
			usleep(200);
		turns_take(&swapper->lock);
		read_notices(swapper);
		turns_leave(&swapper->lock);
	}
	return NULL;
}

/* The caller holds the lock. The lowest frames are used first. */
static void collect_free(struct swapper *swapper)
{
	struct partition partition;
	uint32_t i;

	if (partition_read_fd(swapper->daemon.dev, &partition) ||
	    usm_client_extents(swapper->daemon.dev,
			       swapper->daemon.claim.instance,
			       &swapper->extents))
		require(false, "the frames are read");
	swapper->nr_free = 0;
	for (i = partition.pool_frames; i-- > 0;)
		if (partition.state[i] == USM_FRAME_FREE)
			put_free(swapper, i);
	partition_free(&partition);
}

void swapper_open(struct swapper *swapper, const char *name, uint32_t frames,
		  uint32_t deadline_ms)
{
	struct usm_info info;
	int err;

	memset(swapper, 0, sizeof(*swapper));
	raw_daemon_open(&swapper->daemon, name, frames, 0, deadline_ms);
	err = usm_client_info(swapper->daemon.dev, &info);
	if (!err)
		err = usm_client_map_slice(swapper->daemon.dev, 0,
					   info.pool_frames,
					   (void **)&swapper->slice);
	if (!err)
		err = usm_client_open_freed(&swapper->freed_fd);
	if (err)
		require(false, "the slice is mapped (%d)", err);
	swapper->pool_frames = info.pool_frames;
	swapper->base_pfn = info.base_pfn;
	swapper->free = calloc(info.pool_frames, sizeof(*swapper->free));
	swapper->nr_store = 4 * frames + 1;
	swapper->store = calloc(swapper->nr_store, sizeof(*swapper->store));
	if (!swapper->free || !swapper->store)
		require(false, "there is memory for the store");
	collect_free(swapper);
	if (pthread_create(&swapper->thread, NULL, serve, swapper))
		require(false, "a thread starts");
	wait_until(CHILD_LIMIT_MS,
		   __atomic_load_n(&swapper->serving, __ATOMIC_ACQUIRE));
	if (swapper->error)
		require(false, "a worker registers (%d)", swapper->error);
}

void swapper_close(struct swapper *swapper)
{
	__atomic_store_n(&swapper->stop, true, __ATOMIC_RELAXED);
	pthread_join(swapper->thread, NULL);
	close(swapper->freed_fd);
	usm_client_unmap(swapper->slice,
			 (uint64_t)swapper->pool_frames << USM_FRAME_SHIFT);
	raw_daemon_close(&swapper->daemon);
	free(swapper->free);
	free(swapper->store);
}

int swapper_take(struct swapper *swapper, uint32_t member, uint64_t addr)
{
	struct usm_evict_entry entry = { .member = member, .addr = addr };
	int err;

	turns_take(&swapper->lock);
	entry.cookie = new_cookie(swapper);
	err = usm_client_evict(swapper->daemon.dev, &entry, 1, NULL);
	if (!err)
		err = entry.result;
	if (err)
		swapper->store[entry.cookie].used = false;
	else
		swapper->store[entry.cookie].frame = entry.frame;
	turns_leave(&swapper->lock);
	return err ? err : (int)entry.cookie;
}

int swapper_store(struct swapper *swapper, uint32_t cookie)
{
	struct stored *stored = &swapper->store[cookie];
	struct usm_free_entry entry = { .frame = stored->frame };
	int err;

	turns_take(&swapper->lock);
	memcpy(stored->bytes, frame_bytes(swapper, stored->frame),
	       USM_FRAME_BYTES);
	err = usm_client_free(swapper->daemon.dev, &entry, 1, NULL);
	if (!err)
		err = entry.result;
	stored->frame = USM_FRAME_NONE;
	if (!err)
		put_free(swapper, entry.frame);
	turns_leave(&swapper->lock);
	return err;
}

static uint32_t evict_batch(struct swapper *swapper, uint32_t member,
			    uint64_t addr, uint32_t pages)
{
	struct usm_evict_entry entries[EVICT_BATCH] = { 0 };
	uint32_t i, done = 0;

	turns_take(&swapper->lock);
	for (i = 0; i < pages; i++) {
		entries[i].member = member;
		entries[i].addr = addr + i * USM_FRAME_BYTES;
		entries[i].cookie = new_cookie(swapper);
	}
	if (usm_client_evict(swapper->daemon.dev, entries, pages, &done))
		require(false, "pages are evicted");
	for (i = 0; i < pages; i++) {
		swapper->store[entries[i].cookie].used = !entries[i].result;
		swapper->store[entries[i].cookie].frame = entries[i].frame;
	}
	turns_leave(&swapper->lock);
	for (i = 0; i < pages; i++)
		if (!entries[i].result)
			swapper_store(swapper, (uint32_t)entries[i].cookie);
	return done;
}

uint32_t swapper_evict(struct swapper *swapper, uint32_t member, uint64_t addr,
		       uint32_t pages)
{
	uint32_t at, step, done = 0;

	for (at = 0; at < pages; at += step) {
		step = pages - at < EVICT_BATCH ? pages - at : EVICT_BATCH;
		done += evict_batch(swapper, member,
				    addr + at * USM_FRAME_BYTES, step);
	}
	return done;
}

int swapper_resize(struct swapper *swapper, uint32_t frames,
		   struct usm_resize *out)
{
	int err;

	turns_take(&swapper->lock);
	err = usm_client_resize(swapper->daemon.dev,
				swapper->daemon.claim.instance, frames, out);
	collect_free(swapper);
	turns_leave(&swapper->lock);
	return err;
}

void swapper_mute(struct swapper *swapper, bool mute)
{
	__atomic_store_n(&swapper->mute, mute, __ATOMIC_RELAXED);
}

uint32_t swapper_cookies(struct swapper *swapper)
{
	uint32_t i, used = 0;

	turns_take(&swapper->lock);
	read_notices(swapper);
	for (i = 1; i < swapper->nr_store; i++)
		used += swapper->store[i].used;
	turns_leave(&swapper->lock);
	return used;
}

int swapper_bind(struct swapper *swapper, int pidfd, uint32_t inherit)
{
	uint32_t member;
	int err = usm_client_bind(swapper->daemon.dev,
				  swapper->daemon.claim.instance, pidfd,
				  inherit, &member);

	return err ? err : (int)member;
}
