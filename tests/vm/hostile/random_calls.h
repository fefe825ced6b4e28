/* SPDX-License-Identifier: MIT */
/* random_calls.h - what a hostile daemon may try, at random but repeatably. */
#ifndef USM_VM_RANDOM_CALLS_H
#define USM_VM_RANDOM_CALLS_H

#include <stdint.h>

#include "lib/random.h"
#include "lib/raw_daemon.h"

struct random_calls {
	struct raw_daemon *daemon;
	struct random_state random;
	char *arena; /* what pointers in arguments point to, mostly */
	char *slice; /* own frames */
	int events;
	int freed;
	uint64_t answered; /* faults, with what the module took */
	uint64_t refused; /* reads, writes and touches */
};

/* The daemon has its claim and is a worker; the same seed, the same tries. */
void random_calls_init(struct random_calls *calls, struct raw_daemon *daemon,
		       uint64_t seed);

/*
 * Tries that often: writes anywhere in the channel, ioctls with random or
 * slightly wrong arguments, answers right and wrong, mappings, reads.  Leaves
 * the claim as it is.
 */
void random_calls_run(struct random_calls *calls, unsigned int operations);

#endif /* USM_VM_RANDOM_CALLS_H */
