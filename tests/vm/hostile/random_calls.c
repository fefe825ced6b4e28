/* SPDX-License-Identifier: MIT */
#include "hostile/random_calls.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/pattern.h"

#define ARENA_BYTES (64 * 1024)
/* An array may begin at its end: as much as one call writes. */
#define ARENA_MARGIN (64 * 1024)
/* Larger than every structure of the ABI. */
#define ARG_WORDS 128
/* Slots are given out from 0; its member has not many threads. */
#define BUSY_SLOTS 8

static uint64_t next(struct random_calls *calls)
{
	return random_next(&calls->random);
}

static uint32_t below(struct random_calls *calls, uint32_t end)
{
	return random_below(&calls->random, end);
}

static uint64_t value(struct random_calls *calls)
{
	return random_value(&calls->random);
}

static uint32_t some_frame(struct random_calls *calls)
{
	const struct usm_extent *own = &calls->daemon->claim.extents[0];

	if (below(calls, 4))
		return own->first + below(calls, own->frames);
	return (uint32_t)value(calls);
}

void random_calls_init(struct random_calls *calls, struct raw_daemon *daemon,
		       uint64_t seed)
{
	const struct usm_extent *own = &daemon->claim.extents[0];
	void *slice;

	memset(calls, 0, sizeof(*calls));
	calls->daemon = daemon;
	random_init(&calls->random, seed);
	calls->arena =
		mmap(NULL, ARENA_BYTES + ARENA_MARGIN, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (calls->arena == MAP_FAILED ||
	    usm_client_map_slice(daemon->dev, own->first, own->frames, &slice))
		require(false, "memory of a hostile daemon");
	calls->slice = slice;
	calls->events = calls->freed = -1;
	/* Opened by root before, or not at all: fine both ways. */
	usm_client_open_events(&calls->events);
	usm_client_open_freed(&calls->freed);
}

/* One with a request, as the PFQ says, or one of those that members use. */
static uint32_t some_slot(struct random_calls *calls)
{
	struct raw_daemon *daemon = calls->daemon;
	int number = -1;

	/* The PFQ is full of its own random bits. */
	if (below(calls, 2))
		number = raw_daemon_next(daemon);
	if (number < 0)
		return below(calls, BUSY_SLOTS);
	return (uint32_t)number % daemon->claim.nr_slots;
}

/* Anything anywhere in what the kernel shares with it. */
static void scribble_channel(struct random_calls *calls)
{
	uint64_t words = calls->daemon->claim.channel_bytes / sizeof(uint64_t);
	volatile uint64_t *at = (void *)calls->daemon->channel;

	at[next(calls) % words] = value(calls);
}

/* A slot that has a request gets an answer, sometimes a sensible one. */
static void scribble_slot(struct random_calls *calls)
{
	struct usm_slot *slot = &calls->daemon->slots[some_slot(calls)];

	*(volatile __u64 *)&slot->reply =
		USM_REPLY(slot->gen, some_frame(calls));
}

static void answer(struct random_calls *calls)
{
	struct raw_daemon *daemon = calls->daemon;
	uint32_t slot = some_slot(calls);
	uint32_t gen = daemon->slots[slot].gen;

	if (!below(calls, 8))
		gen = (uint32_t)value(calls);
	if (!raw_daemon_answer(daemon, slot, gen, some_frame(calls)))
		calls->answered++;
}

static void answer_batch(struct random_calls *calls)
{
	struct usm_map_entry *entry = (void *)calls->arena;
	struct usm_map map = {
		.ptr = (uintptr_t)entry,
		.nr = below(calls, ARENA_BYTES / sizeof(*entry)),
	};
	uint32_t i;

	for (i = 0; i < 16; i++)
		entry[i] = (struct usm_map_entry){
			.slot = below(calls, calls->daemon->claim.nr_slots + 1),
			.gen = below(calls, 64),
			.frame = some_frame(calls),
		};
	if (ioctl(calls->daemon->dev, USM_IOC_MAP, &map) == 0)
		calls->answered += map.done;
}

static void call_randomly(struct random_calls *calls)
{
	static const unsigned long known[] = {
		USM_IOC_INFO,	USM_IOC_LIST,	USM_IOC_MEMBERS, USM_IOC_BIND,
		USM_IOC_UNBIND, USM_IOC_CLAIM,	USM_IOC_WORKER,	 USM_IOC_MAP,
		USM_IOC_SCAN,	USM_IOC_FRAMES, USM_IOC_DESTROY, USM_IOC_WAKER,
	};
	uint64_t arg[ARG_WORDS] = { 0 };
	unsigned long request =
		known[below(calls, sizeof(known) / sizeof(known[0]))];
	uint32_t i, words = _IOC_SIZE(request) / sizeof(arg[0]);

	/* Most fields are zero, or every call fails at the first look. */
	for (i = 0; i < 1 + below(calls, 3); i++)
		arg[below(calls, words)] = value(calls);
	if (below(calls, 4))
		arg[0] = (uintptr_t)calls->arena + below(calls, ARENA_BYTES);
	if (!below(calls, 16))
		request ^= 1UL << below(calls, 32);
	if (request == USM_IOC_DESTROY &&
	    (uint32_t)arg[0] == calls->daemon->claim.instance)
		return;
	ioctl(calls->daemon->dev, request,
	      below(calls, 32) ? (void *)arg : (void *)value(calls));
}

static void map_and_touch(struct random_calls *calls)
{
	static const uint64_t start[] = { USM_MMAP_CHANNEL, USM_MMAP_SLICE,
					  USM_MMAP_DOORBELL };
	size_t bytes = (1 + below(calls, 64)) * PAGE_BYTES;
	uint64_t offset = start[below(calls, 3)];
	int ends[2];
	char *p;

	if (below(calls, 2))
		offset += (uint64_t)some_frame(calls) * PAGE_BYTES;
	p = mmap(NULL, bytes, (int)below(calls, 8),
		 below(calls, 8) ? MAP_SHARED : MAP_PRIVATE, calls->daemon->dev,
		 (off_t)offset);
	if (p != MAP_FAILED) {
		/* Through the kernel: what may not be read is an error there. */
		if (!pipe2(ends, O_CLOEXEC | O_NONBLOCK)) {
			char *at = p + below(calls, (uint32_t)bytes - 8);

			if (write(ends[1], at, 8) < 0 ||
			    read(ends[0], at, 8) < 0)
				calls->refused++;
			close(ends[0]);
			close(ends[1]);
		}
		/* Rarely: some of them part it from its channel for good. */
		if (!below(calls, 64))
			madvise(p, bytes, (int)below(calls, 26));
		munmap(p, bytes);
	}
}

static void read_files(struct random_calls *calls)
{
	int fd = below(calls, 2) ? calls->events : calls->freed;
	char *to = calls->arena + below(calls, ARENA_BYTES / 2);

	if (!below(calls, 8))
		to = (char *)value(calls);
	if (read(fd, to, below(calls, ARENA_BYTES / 2)) < 0)
		calls->refused++;
}

static void write_frame(struct random_calls *calls)
{
	const struct usm_extent *own = &calls->daemon->claim.extents[0];

	*(volatile uint64_t *)(calls->slice +
			       (size_t)below(calls, own->frames) * PAGE_BYTES) =
		next(calls);
}

void random_calls_run(struct random_calls *calls, unsigned int operations)
{
	unsigned int i;

	for (i = 0; i < operations; i++) {
		switch (below(calls, 16)) {
		case 0 ... 4:
			scribble_channel(calls);
			break;
		case 5:
			scribble_slot(calls);
			break;
		case 6 ... 8:
			answer(calls);
			break;
		case 9:
			answer_batch(calls);
			break;
		case 10 ... 12:
			call_randomly(calls);
			break;
		case 13:
			map_and_touch(calls);
			break;
		case 14:
			read_files(calls);
			break;
		default:
			write_frame(calls);
			break;
		}
	}
}
