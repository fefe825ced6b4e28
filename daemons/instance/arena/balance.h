/* SPDX-License-Identifier: MIT */
/*
 * balance.h - how an instance's free frames are spread over its workers.
 *
 * A worker fetches a batch from the shared arena when it has fewer than a low
 * mark, and returns what is above a high one.  When the shared arena is empty
 * too, a worker that starves asks the others, each of which gives half of what
 * it has at its next pass.
 */
#ifndef USM_INSTANCE_ARENA_BALANCE_H
#define USM_INSTANCE_ARENA_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/arena/returned.h"
#include "usm.h"

/* Free frames of one worker. */
struct usm_share {
	uint32_t low; /* below it fetches */
	uint32_t fill; /* to here, and empties to here */
	uint32_t high; /* above it returns */
};

/* The marks for a partition of so many frames; pure. */
struct usm_share usm_share_of(uint32_t frames, unsigned int nr_workers);

/* Each worker's on a cache line that only it writes to as a rule. */
struct usm_balance_worker {
	uint32_t nr_free; /* as it last said itself */
	uint32_t asked; /* 1: somebody starves */
} __attribute__((aligned(64)));

struct usm_balance {
	unsigned int nr_workers;
	/* What is on its way to a worker it has as good as free. */
	const struct usm_returned *returned;
	/* Wakes a worker that sleeps; may be NULL. */
	void (*wake)(void *ctx, unsigned int worker);
	void *wake_ctx;
	struct usm_balance_worker worker[USM_WORKERS_MAX];
};

/* A worker has nr free frames; by itself. */
void usm_balance_publish(struct usm_balance *balance, unsigned int worker,
			 uint32_t nr);

/* Does a worker other than this one have free frames?  A hint. */
bool usm_balance_others_have(const struct usm_balance *balance,
			     unsigned int worker);

/* Free frames of all the workers, as they last said, and on their way there. */
uint32_t usm_balance_nr_free(const struct usm_balance *balance);

/* Asks the others that have frames, and wakes those; any worker. */
void usm_balance_ask(struct usm_balance *balance, unsigned int worker);

/* Was this worker asked?  One load. */
bool usm_balance_asked(const struct usm_balance *balance, unsigned int worker);

/* The same, and takes it to be honoured.  By the worker itself. */
bool usm_balance_take_asked(struct usm_balance *balance, unsigned int worker);

#endif /* USM_INSTANCE_ARENA_BALANCE_H */
