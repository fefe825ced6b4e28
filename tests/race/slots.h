/* SPDX-License-Identifier: MIT */
/*
 * slots.h - the kernel's side of a channel, as far as race programs need it:
 * threads fault, spin, sleep, and take what is stored or what a call brings.
 *
 * One to a program, over the frames of that program.
 */
#ifndef USM_TESTS_RACE_SLOTS_H
#define USM_TESTS_RACE_SLOTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "frames.h"
#include "instance/worker/channel_view.h"
#include "usm.h"

/* Threads that fault at once. */
#define RACE_THREADS_MAX 6U

/* A leaf word each: nobody else rescues a lost bit. */
#define RACE_SLOTS_MAX (RACE_THREADS_MAX * 64U)

struct race_slots {
	struct usm_bitfield pfq;
	struct usm_slot slot[RACE_SLOTS_MAX];
	struct usm_doorbell bells[USM_WORKERS_MAX];
	uint32_t nr_workers;
	uint32_t result[RACE_SLOTS_MAX]; /* what a thread went on with */
	uint64_t refusals[RACE_SLOTS_MAX]; /* the last reply that was refused */
	uint64_t refused;
	struct race_frames *frames; /* whose lock is over all this */
	pthread_cond_t answered;
	/* With the lock held: the thread of a slot gets a frame. 0, -errno. */
	int (*use)(uint32_t slot, uint32_t frame);
};

extern struct race_slots race_slots;

/* For so many workers; use() as above. */
void race_slots_init(struct race_frames *frames, uint32_t nr_workers,
		     int (*use)(uint32_t slot, uint32_t frame));

/* The slots of so many threads as the workers see them; notices may be NULL. */
struct usm_channel_view race_slots_view(uint32_t nr_threads,
					struct usm_notices *notices);

/* The slot of thread nth: in a word of its own, and spread over workers. */
uint32_t race_slots_of_thread(uint32_t nth);

/* Makes a request of what the slot says, and rings for it. */
void race_slots_raise(uint32_t slot);

/* With the lock held: frames joined, so what is open is asked for once more. */
void race_slots_ask_again(void);

/* Is there a reply to the slot's request?  Its own thread. */
bool race_slots_replied(uint32_t slot);

/*
 * What its thread goes on with, which has seen a reply (false: it was refused,
 * and the thread goes on waiting), or sleeps for one.
 */
bool race_slots_take(uint32_t slot, uint32_t *frame);
uint32_t race_slots_sleep(uint32_t slot);

/* Its thread waits no longer; false: it was answered already. */
bool race_slots_leave(uint32_t slot);

/* As of struct usm_kernel. */
int race_slots_worker(void *ctx, uint32_t worker);
int race_slots_map(void *ctx, struct usm_map_entry *entries, uint32_t nr);

#endif /* USM_TESTS_RACE_SLOTS_H */
