/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/mman.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/partition.h"
#include "lib/pattern.h"
#include "lib/raw_daemon.h"
#include "lib/wait.h"
#include "refusals/refusals.h"

/* No fault may end by itself before the wrong answers have been tried. */
#define DEADLINE_MS 10000
#define FRAMES 64

#define STEP_TOUCHED 1

/* Two faults, each answered by hand. */
static int touch_twice(struct child *self, void *arg)
{
	volatile char *p = arg;

	p[0] = 1;
	child_stop_at(self, STEP_TOUCHED);
	p[PAGE_BYTES] = 2;
	return p[0] != 1 || p[PAGE_BYTES] != 2;
}

static uint64_t bad_commands(const struct raw_daemon *daemon)
{
	struct usm_instance_info info = { 0 };

	instance_info(daemon->dev, daemon->claim.instance, &info);
	return info.bad_commands;
}

/* Counted, and the frame as it was. */
static void try_bad(struct raw_daemon *daemon, uint32_t slot, uint32_t gen,
		    uint32_t frame, int error, const char *what)
{
	uint64_t before = bad_commands(daemon);

	check_eq(raw_daemon_answer(daemon, slot, gen, frame), error,
		 "answer with %s", what);
	check_eq(bad_commands(daemon), before + (error != -ESTALE),
		 "answer with %s: counted rightly", what);
}

/* The next fault's slot; faults of stack pages on the way get frames too. */
static int next_at(struct raw_daemon *daemon, uint64_t addr, uint32_t *frame)
{
	int slot;

	while ((slot = raw_daemon_wait(daemon, DEADLINE_MS / 2)) >= 0) {
		struct usm_slot *s = &daemon->slots[slot];

		if (s->addr == addr)
			return slot;
		raw_daemon_answer(daemon, (uint32_t)slot, s->gen, (*frame)++);
	}
	return -1;
}

/* Whatever else it faults on its way to the step: each would wait for long. */
static bool serve_to_step(struct raw_daemon *daemon, const struct child *child,
			  uint32_t *frame)
{
	uint64_t end = now_ms() + CHILD_LIMIT_MS;
	int slot;

	while (__atomic_load_n(&child->shared->reached, __ATOMIC_ACQUIRE) <=
		       STEP_TOUCHED &&
	       now_ms() < end) {
		slot = raw_daemon_wait(daemon, POLL_EVERY_MS);
		if (slot >= 0)
			raw_daemon_answer(daemon, (uint32_t)slot,
					  daemon->slots[slot].gen, (*frame)++);
	}
	return now_ms() < end;
}

/* The frame of the other instance is free, whatever was tried on it. */
static void look_at_foreign(const struct instance *other, uint32_t foreign)
{
	struct partition partition;

	require(!partition_read(other->pid, &partition), "another partition");
	check_eq(partition.state[foreign], USM_FRAME_FREE,
		 "the foreign frame is untouched");
	partition_free(&partition);
}

static uint32_t foreign_frame(const struct instance *other)
{
	struct partition partition;
	uint32_t frame;

	require(!partition_read(other->pid, &partition), "another partition");
	frame = partition_first(&partition);
	partition_free(&partition);
	return frame;
}

static void answer_wrongly(struct raw_daemon *own, const struct instance *other,
			   uint32_t slot, uint32_t frame, uint32_t taken)
{
	uint32_t gen = own->slots[slot].gen;
	uint32_t foreign = foreign_frame(other);

	try_bad(own, slot, gen, foreign, -EPERM, "a foreign frame");
	look_at_foreign(other, foreign);
	try_bad(own, slot, gen, 0x7fffffff, -EPERM, "a frame beyond the pool");
	try_bad(own, slot, gen, taken, -EBUSY, "a frame that is mapped");
	check_eq(raw_daemon_frame(own, taken), USM_FRAME_MAPPED,
		 "it is mapped as before");
	try_bad(own, slot, gen + 1, frame, -ESTALE, "a wrong generation");
	try_bad(own, own->claim.nr_slots, gen, frame, -EINVAL,
		"a slot beyond the last");
	try_bad(own, slot ^ 1, gen, frame, -ESTALE, "another thread's slot");
	check_eq(raw_daemon_frame(own, frame), USM_FRAME_FREE,
		 "the frame is free as before");
}

static void look_at_request(const struct raw_daemon *daemon, int slot,
			    const struct child *child, uint32_t member,
			    const char *memory)
{
	const struct usm_slot *s = &daemon->slots[slot];

	check_eq(s->tgid, child->pid, "the request names the process");
	check_eq(s->member, member, "and the member");
	check_eq(s->kind, USM_FAULT_ANON, "its kind");
	check(s->vma_start <= (uintptr_t)memory &&
		      s->vma_end >= (uintptr_t)memory + 2 * PAGE_BYTES,
	      "and the bounds of the mapping");
}

void test_bad_commands(int dev)
{
	char *memory = pattern_map(2 * PAGE_BYTES);
	const struct instance_options options = {
		.name = "bystander",
		.memory = "1M",
	};
	struct instance other;
	struct raw_daemon own;
	uint32_t member, taken, frame;
	struct child child;
	int slot;

	instance_start(&other, dev, &options);
	raw_daemon_open(&own, "clumsy", FRAMES, 0, DEADLINE_MS);
	frame = own.claim.extents[0].first;
	child_start(&child, touch_twice, memory);
	require(!raw_daemon_register(&own), "a worker registers");
	require(child_reached(&child, 0), "a tenant starts");
	require(!usm_client_bind(dev, own.claim.instance, child.pidfd,
				 USM_INHERIT_ALL, &member),
		"a tenant is bound");
	child_let(&child, 0);

	slot = next_at(&own, (uintptr_t)memory, &frame);
	require(slot >= 0, "its first fault arrives");
	look_at_request(&own, slot, &child, member, memory);
	taken = frame++;
	check_eq(raw_daemon_answer(&own, (uint32_t)slot, own.slots[slot].gen,
				   taken),
		 0, "the right answer");
	require(serve_to_step(&own, &child, &frame), "it is served");
	child_let(&child, STEP_TOUCHED);
	slot = next_at(&own, (uintptr_t)memory + PAGE_BYTES, &frame);
	require(slot >= 0, "its second fault arrives");
	answer_wrongly(&own, &other, (uint32_t)slot, frame, taken);
	check_eq(raw_daemon_answer(&own, (uint32_t)slot, own.slots[slot].gen,
				   frame),
		 0, "the right answer is taken after all");
	try_bad(&own, (uint32_t)slot, own.slots[slot].gen, frame, -ESTALE,
		"the same once more");

	/* What it faults on its way out is for the kernel to serve. */
	raw_daemon_serve(&own, true);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0, "the data is right");
	raw_daemon_close(&own);
	check_eq(instance_stop(&other), 0, "the bystander ends cleanly");
	munmap(memory, 2 * PAGE_BYTES);
}
