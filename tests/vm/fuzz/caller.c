/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/client.h"
#include "fuzz/fuzz.h"
#include "lib/check.h"
#include "lib/pattern.h"
#include "lib/wait.h"

/* Calls that end the round for everybody are rare. */
#define DESTROY_ONCE_IN 200
#define ARRAYS_ADDR 0x180000000000UL
#define ARRAYS_APART 0x10000000UL
/* What is known of frames and pages is out of date soon. */
#define LEARN_ONCE_IN 32

void caller_init(struct caller *caller, struct stage *stage, int dev,
		 uint64_t seed)
{
	memset(caller, 0, sizeof(*caller));
	caller->stage = stage;
	caller->dev = dev;
	caller->other_dev = -1;
	random_init(&caller->random, seed);
	/*
	 * Far from everything else, with a hole behind: a pointer that is
	 * slightly wrong must not make the kernel write to our own variables.
	 */
	caller->arrays =
		mmap((void *)(ARRAYS_ADDR + seed % 64 * ARRAYS_APART),
		     ARRAYS_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (caller->arrays == MAP_FAILED)
		require(false, "memory of a caller");
}

/* One thing in the argument or in what it points to. */
static void mutate(struct caller *caller, char *argument, size_t bytes)
{
	struct random_state *random = &caller->random;
	uint32_t words = (uint32_t)(bytes / sizeof(uint32_t));
	uint64_t value = random_value(random);
	char *at = argument;

	if (random_once_in(random, 3)) {
		at = caller->arrays;
		words = 128;
	}
	at += random_below(random, words) * sizeof(uint32_t);
	switch (random_below(random, 4)) {
	case 0:
		memcpy(at, &value, sizeof(uint32_t));
		break;
	case 1:
		/* Structures end with eight reserved bytes at least. */
		at -= (uintptr_t)at % sizeof(uint64_t);
		memcpy(at, &value, sizeof(uint64_t));
		break;
	case 2:
		*(uint32_t *)at ^= 1U << random_below(random, 32);
		break;
	default:
		*(uint32_t *)at += random_below(random, 3) - 1;
		break;
	}
}

/* Elsewhere in the arrays, at their end, or nowhere. */
static uint64_t some_pointer(struct caller *caller)
{
	struct random_state *random = &caller->random;

	if (random_once_in(random, 2))
		return (uintptr_t)caller->arrays +
		       random_below(random, ARRAYS_BYTES);
	return random_value(random);
}

static bool names_instance(unsigned long request)
{
	switch (_IOC_NR(request)) {
	case _IOC_NR(USM_IOC_BIND):
	case _IOC_NR(USM_IOC_UNBIND):
	case _IOC_NR(USM_IOC_BIND_CGROUP):
	case _IOC_NR(USM_IOC_UNBIND_CGROUP):
	case _IOC_NR(USM_IOC_ADOPT):
	case _IOC_NR(USM_IOC_RESIZE):
	case _IOC_NR(USM_IOC_DESTROY):
		return true;
	default:
		return false;
	}
}

/* May this be called, with the rights of root? */
static bool harmless(struct caller *caller, unsigned long request,
		     const void *argument)
{
	uint32_t instance;

	memcpy(&instance, argument, sizeof(instance));
	if (caller->confined && names_instance(request) &&
	    instance == caller->stage->neighbour)
		return false;
	return _IOC_NR(request) != _IOC_NR(USM_IOC_DESTROY) ||
	       !caller->daemon ||
	       random_once_in(&caller->random, DESTROY_ONCE_IN);
}

static void learn_members(struct caller *caller)
{
	struct usm_member_info members[FUZZ_MEMBERS];
	struct stage *stage = caller->stage;
	uint32_t i, nr = FUZZ_MEMBERS;

	if (usm_client_members(caller->dev, stage->instance, 0, members, &nr) ||
	    nr == 0 || nr > FUZZ_MEMBERS)
		return;
	for (i = 0; i < nr; i++)
		stage->members[i] = members[i].member;
	__atomic_store_n(&stage->nr_members, nr, __ATOMIC_RELAXED);
}

void caller_learn(struct caller *caller)
{
	uint32_t frames = FUZZ_KNOWN, nr = FUZZ_MEMBERS;

	learn_members(caller);
	if (usm_client_extents(caller->dev, caller->stage->instance,
			       &caller->extents) ||
	    !caller->extents.nr_extents)
		return;
	caller->first_frame =
		caller->extents
			.extents[random_below(&caller->random,
					      caller->extents.nr_extents)]
			.first;
	if (random_once_in(&caller->random, 2))
		caller->first_frame += FUZZ_KNOWN;
	if (usm_client_frames(caller->dev, caller->first_frame, caller->frames,
			      &frames))
		caller->first_frame = 0;
	if (!usm_client_evicted(caller->dev, 0, caller->evicted, &nr))
		caller->nr_evicted = nr;
}

static void note(struct caller *caller, uint32_t which, int err,
		 const char *argument)
{
	const struct command *command = &commands[which];
	struct stage *stage = caller->stage;
	uint32_t done = 1;

	__atomic_add_fetch(&stage->tried[which], 1, __ATOMIC_RELAXED);
	if (err)
		return;
	if (command->done_at)
		memcpy(&done, argument + command->done_at, sizeof(done));
	__atomic_add_fetch(&stage->done[which], done, __ATOMIC_RELAXED);
}

static int find_command(unsigned long request)
{
	uint32_t i;

	for (i = 0; i < nr_commands; i++)
		if (commands[i].request == request)
			return (int)i;
	return -1;
}

int caller_call(struct caller *caller, int *which)
{
	_Alignas(uint64_t) char argument[ARGUMENT_BYTES] = { 0 };
	struct random_state *random = &caller->random;
	uint32_t index = random_below(random, nr_commands);
	const struct command *command = &commands[index];
	unsigned long request = command->request;
	bool as_is = random_once_in(random, 2);
	void *pointer = argument;
	int dev = caller->dev;
	uint64_t begin;
	int err;

	if (random_once_in(random, LEARN_ONCE_IN) && caller->daemon)
		caller_learn(caller);
	command->fill(caller, argument);
	*which = (int)index;
	if (!as_is) {
		uint32_t times = 1 + random_below(random, 3);

		while (times-- > 0)
			mutate(caller, argument, _IOC_SIZE(request));
		if (random_once_in(random, 16)) {
			request ^= 1UL << random_below(random, 30);
			*which = find_command(request);
		}
		if (random_once_in(random, 16))
			*(uint64_t *)argument = some_pointer(caller);
		if (random_once_in(random, 16))
			pointer = (void *)some_pointer(caller);
		if (random_once_in(random, 8) && caller->other_dev >= 0)
			dev = caller->other_dev;
	}
	/* What lies elsewhere cannot be looked at first. */
	if (pointer != argument && caller->confined)
		pointer = argument;
	if (!harmless(caller, request, argument))
		return -ECANCELED;
	begin = now_ms();
	err = ioctl(dev, request, pointer) ? -errno : 0;
	__atomic_add_fetch(&caller->stage->spent_ms[index], now_ms() - begin,
			   __ATOMIC_RELAXED);
	caller->last_request = request;
	if (*which == (int)index && pointer == argument)
		note(caller, index, err, argument);
	return err;
}
