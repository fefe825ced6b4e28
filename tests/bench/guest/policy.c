/* SPDX-License-Identifier: MIT */
#include "bench/guest/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/guest/worker.h"
#include "common/client.h"
#include "lib/wait.h"

/* Frames are home a few milliseconds after they were let go of. */
#define COLLECT_LIMIT_MS 5000
#define COLLECT_PAUSE_MS 2

/* Long enough that only a lost wake-up ever meets it. */
#define DEADLINE_MS 2000

static int claim(struct policy *policy, uint32_t frames)
{
	struct usm_info info;
	int err = usm_client_open(NULL, &policy->dev);

	if (err)
		return err;
	policy->claim = (struct usm_claim){
		.name = "bench",
		.frames = frames,
		.deadline_ms = DEADLINE_MS,
	};
	err = usm_client_claim(policy->dev, &policy->claim);
	if (!err)
		err = usm_client_info(policy->dev, &info);
	if (err)
		return err;
	/* Runs of frames are what some rows are about. */
	if (policy->claim.nr_extents != 1)
		return -ENOSPC;
	policy->base_pfn = info.base_pfn;
	policy->pool_frames = info.pool_frames;
	policy->first = policy->claim.extents[0].first;
	policy->frames = frames;
	return usm_client_open_freed(&policy->freed);
}

static int map(struct policy *policy)
{
	void *slice;
	int err = usm_client_map_channel(
		policy->dev, policy->claim.channel_bytes, &policy->channel);

	if (err)
		return err;
	policy->pfq =
		(void *)((char *)policy->channel + policy->channel->pfq_offset);
	policy->slots = (void *)((char *)policy->channel +
				 policy->channel->slots_offset);
	err = usm_client_map_slice(policy->dev, policy->first, policy->frames,
				   &slice);
	if (!err)
		policy->slice = slice;
	return err;
}

int policy_open(struct policy *policy, uint32_t frames, int cpu)
{
	int err;

	*policy = (struct policy){ .dev = -1, .freed = -1 };
	err = claim(policy, frames);
	if (!err)
		err = map(policy);
	if (err)
		return err;
	pthread_spin_init(&policy->lock, PTHREAD_PROCESS_PRIVATE);
	policy->is_free = malloc(frames * sizeof(*policy->is_free));
	if (!policy->is_free)
		return -ENOMEM;
	memset(policy->is_free, true, frames * sizeof(*policy->is_free));
	policy->nr_free = frames;
	return worker_start(policy, cpu);
}

void policy_close(struct policy *policy)
{
	worker_stop(policy);
	usm_client_unmap(policy->slice,
			 (size_t)policy->frames << USM_FRAME_SHIFT);
	usm_client_unmap(policy->channel, policy->claim.channel_bytes);
	free(policy->is_free);
	close(policy->freed);
	close(policy->dev);
}

int policy_bind(struct policy *policy, pid_t pid, uint32_t *member)
{
	int pidfd, err = usm_client_pidfd(pid, &pidfd);

	if (err)
		return err;
	err = usm_client_bind(policy->dev, policy->claim.instance, pidfd,
			      USM_INHERIT_ALL, member);
	close(pidfd);
	return err;
}

/* The caller holds the lock. Index in the partition, or -1. */
static int64_t find_run(const struct policy *policy, uint32_t frames)
{
	uint32_t start = policy->next + -policy->next % frames, looked = 0;
	uint32_t i;

	for (; looked < policy->frames; looked += frames, start += frames) {
		if (start + frames > policy->frames)
			start = 0;
		for (i = 0; i < frames && policy->is_free[start + i]; i++)
			;
		if (i == frames)
			return start;
	}
	return -1;
}

int policy_take(struct policy *policy, uint32_t frames, uint32_t *first)
{
	int64_t start;

	pthread_spin_lock(&policy->lock);
	start = find_run(policy, frames);
	if (start >= 0) {
		memset(&policy->is_free[start], false,
		       frames * sizeof(*policy->is_free));
		policy->nr_free -= frames;
		policy->next = ((uint32_t)start + frames) % policy->frames;
	}
	pthread_spin_unlock(&policy->lock);
	if (start < 0)
		return -ENOSPC;
	*first = policy->first + (uint32_t)start;
	return 0;
}

void policy_give_back(struct policy *policy, uint32_t first, uint32_t frames)
{
	uint32_t i, at = first - policy->first;

	pthread_spin_lock(&policy->lock);
	for (i = at; i < at + frames; i++) {
		policy->nr_free += !policy->is_free[i];
		policy->is_free[i] = true;
	}
	pthread_spin_unlock(&policy->lock);
}

void policy_fill(struct policy *policy, uint32_t first, uint32_t frames,
		 unsigned char with)
{
	memset(policy->slice +
		       ((size_t)(first - policy->first) << USM_FRAME_SHIFT),
	       with, (size_t)frames << USM_FRAME_SHIFT);
}

static bool all_home(struct policy *policy)
{
	uint64_t pfn[USM_BATCH_MAX];
	uint32_t nr, i;

	usm_client_scan(policy->dev, NULL);
	for (;;) {
		nr = USM_BATCH_MAX;
		if (usm_client_read_freed(policy->freed, pfn, &nr))
			break;
		for (i = 0; i < nr; i++)
			policy_give_back(policy,
					 (uint32_t)(pfn[i] - policy->base_pfn),
					 1);
	}
	return policy->nr_free == policy->frames;
}

int policy_collect(struct policy *policy)
{
	uint64_t end = now_ms() + COLLECT_LIMIT_MS;

	while (!all_home(policy)) {
		if (now_ms() > end)
			return -ETIMEDOUT;
		pause_ms(COLLECT_PAUSE_MS);
	}
	return 0;
}

int policy_count(struct policy *policy, struct policy_counters *out)
{
	const struct usm_doorbell *bell = &policy->channel->doorbell[0];
	struct usm_instance_info info;
	int err = usm_client_find(policy->dev, policy->claim.name, &info);
	size_t i;

	if (err)
		return err;
	*out = (struct policy_counters){
		.upcalls = info.upcalls,
		.magazine = info.magazine,
		.range = info.range,
		.around = info.around,
		.wakes = bell->wakes[USM_WAKE_KERNEL],
		.answered =
			__atomic_load_n(&policy->answered, __ATOMIC_ACQUIRE),
		.woken = __atomic_load_n(&policy->woken, __ATOMIC_ACQUIRE),
	};
	for (i = 0; i < USM_FALLBACK_REASONS; i++)
		out->fallbacks += info.fallbacks[i];
	return 0;
}

int policy_push(struct policy *policy, uint32_t member, uint32_t first,
		uint32_t frames, uint32_t flags)
{
	uint32_t frame[USM_BATCH_MAX], i;
	struct usm_push push = {
		.ptr = (uintptr_t)frame,
		.nr = frames,
		.member = member,
		.flags = flags,
	};

	if (frames > USM_BATCH_MAX)
		return -E2BIG;
	for (i = 0; i < frames; i++)
		frame[i] = first + i;
	if (ioctl(policy->dev, USM_IOC_PUSH, &push))
		return -errno;
	return push.done == frames ? 0 : push.error;
}

int policy_grant(struct policy *policy, struct usm_grant_entry *entry)
{
	struct usm_grant grant = { .ptr = (uintptr_t)entry, .nr = 1 };

	if (ioctl(policy->dev, USM_IOC_GRANT, &grant))
		return -errno;
	return entry->result;
}
