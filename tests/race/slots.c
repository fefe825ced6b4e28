/* SPDX-License-Identifier: MIT */
#include "slots.h"

#include <errno.h>

#include "instance/worker/doorbell.h"

struct race_slots race_slots;

void race_slots_init(struct race_frames *frames, uint32_t nr_workers,
		     int (*use)(uint32_t slot, uint32_t frame))
{
	race_slots.frames = frames;
	race_slots.nr_workers = nr_workers;
	race_slots.use = use;
	pthread_cond_init(&race_slots.answered, NULL);
}

struct usm_channel_view race_slots_view(uint32_t nr_threads,
					struct usm_notices *notices)
{
	return (struct usm_channel_view){
		.pfq = &race_slots.pfq,
		.slots = race_slots.slot,
		.nr_slots = nr_threads * 64,
		.notices = notices,
	};
}

uint32_t race_slots_of_thread(uint32_t nth)
{
	return nth * 64 + nth;
}

static void lock(void)
{
	pthread_mutex_lock(&race_slots.frames->lock);
}

static void unlock(void)
{
	pthread_mutex_unlock(&race_slots.frames->lock);
}

static uint32_t state_of(uint32_t slot)
{
	return __atomic_load_n(&race_slots.slot[slot].state, __ATOMIC_SEQ_CST);
}

static void set_state(uint32_t slot, uint32_t to)
{
	__atomic_store_n(&race_slots.slot[slot].state, to, __ATOMIC_SEQ_CST);
}

static void ring(uint32_t slot)
{
	struct usm_doorbell *bell =
		&race_slots.bells[slot % race_slots.nr_workers];

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&bell->state, __ATOMIC_SEQ_CST) !=
	    USM_WORKER_ASLEEP)
		return;
	__atomic_fetch_add(&bell->wakes[USM_WAKE_KERNEL], 1, __ATOMIC_RELAXED);
	usm_doorbell_ring(bell);
}

static void show(uint32_t slot)
{
	__atomic_fetch_or(&race_slots.pfq.leaf[slot / 64], 1ULL << slot % 64,
			  __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&race_slots.pfq.summary, 1ULL << slot / 64,
			  __ATOMIC_SEQ_CST);
	ring(slot);
}

void race_slots_ask_again(void)
{
	for (uint32_t i = 0; i < RACE_SLOTS_MAX; i++) {
		struct usm_slot *at = &race_slots.slot[i];

		if (state_of(i) == USM_SLOT_IDLE)
			continue;
		__atomic_fetch_add(&at->gen, 1, __ATOMIC_SEQ_CST);
		show(i);
	}
}

void race_slots_raise(uint32_t slot)
{
	struct usm_slot *at = &race_slots.slot[slot];

	lock();
	__atomic_store_n(&at->error, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&at->gen, at->gen + 1, __ATOMIC_SEQ_CST);
	set_state(slot, USM_SLOT_SPINNING);
	unlock();
	show(slot);
}

bool race_slots_replied(uint32_t slot)
{
	const struct usm_slot *at = &race_slots.slot[slot];

	return __atomic_load_n(&at->reply, __ATOMIC_SEQ_CST) >> 32 ==
	       __atomic_load_n(&at->gen, __ATOMIC_SEQ_CST);
}

/* With the lock held.  0, or why the thread does not go on with it. */
static int answer(uint32_t slot, uint32_t frame)
{
	int err = race_slots.use(slot, frame);

	if (err) {
		race_slots.refused++;
		return err;
	}
	race_slots.result[slot] = frame;
	set_state(slot, USM_SLOT_IDLE);
	return 0;
}

/*
 * With the lock held, so that no call comes in between: the thread goes on with
 * what is stored, or it had its answer.  Refused, it goes on waiting, and rings.
 */
static bool take_stored(uint32_t slot)
{
	struct usm_slot *at = &race_slots.slot[slot];
	uint64_t reply = __atomic_load_n(&at->reply, __ATOMIC_SEQ_CST);
	int err;

	if (state_of(slot) == USM_SLOT_IDLE)
		return true;
	if (reply >> 32 != at->gen || reply == race_slots.refusals[slot])
		return false;
	err = answer(slot, (uint32_t)reply);
	if (!err)
		return true;
	race_slots.refusals[slot] = reply;
	__atomic_store_n(&at->error, err, __ATOMIC_SEQ_CST);
	ring(slot);
	return false;
}

bool race_slots_take(uint32_t slot, uint32_t *frame)
{
	bool taken;

	lock();
	taken = take_stored(slot);
	*frame = race_slots.result[slot];
	unlock();
	return taken;
}

uint32_t race_slots_sleep(uint32_t slot)
{
	uint32_t frame;

	lock();
	if (state_of(slot) != USM_SLOT_IDLE)
		set_state(slot, USM_SLOT_ASLEEP);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/* The reply may have come before the announcement. */
	while (!take_stored(slot))
		pthread_cond_wait(&race_slots.answered,
				  &race_slots.frames->lock);
	frame = race_slots.result[slot];
	unlock();
	return frame;
}

bool race_slots_leave(uint32_t slot)
{
	bool waits;

	lock();
	waits = state_of(slot) != USM_SLOT_IDLE;
	set_state(slot, USM_SLOT_IDLE);
	unlock();
	return waits;
}

int race_slots_worker(void *ctx, uint32_t worker)
{
	(void)ctx;
	(void)worker;
	return 0;
}

int race_slots_map(void *ctx, struct usm_map_entry *entries, uint32_t nr)
{
	uint32_t i;

	(void)ctx;
	lock();
	for (i = 0; i < nr; i++) {
		struct usm_map_entry *entry = &entries[i];

		if (race_slots.slot[entry->slot].gen != entry->gen ||
		    state_of(entry->slot) == USM_SLOT_IDLE)
			entry->result = -ESTALE;
		else
			entry->result = answer(entry->slot, entry->frame);
	}
	pthread_cond_broadcast(&race_slots.answered);
	unlock();
	return 0;
}
