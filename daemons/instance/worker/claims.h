/* SPDX-License-Identifier: MIT */
/*
 * claims.h - which worker answers a request, where several may find it.
 *
 * A slot's bit says that there is a request, not that nobody has it yet: a
 * worker may hold an earlier request of the slot that waits for a frame, and
 * look at the slot again.  So each request, which its generation names, is
 * claimed by whoever reads it first, and is that worker's until it is answered
 * or gone; everybody else leaves it alone.  Any thread.
 */
#ifndef USM_INSTANCE_WORKER_CLAIMS_H
#define USM_INSTANCE_WORKER_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

struct usm_claims { /* zeroed: none */
	uint32_t gen[USM_SLOTS_MAX]; /* of the last request that was claimed */
};

/*
 * Claims request `gen` of a slot; false: somebody has, or had, it or a later
 * one.
 */
static inline bool usm_claims_take(struct usm_claims *claims, uint32_t slot,
				   uint32_t gen)
{
	uint32_t last = __atomic_load_n(&claims->gen[slot], __ATOMIC_SEQ_CST);

	do {
		/* Generations go round: what is less than half way is later. */
		if (last && (int32_t)(gen - last) <= 0)
			return false;
	} while (!__atomic_compare_exchange_n(&claims->gen[slot], &last, gen,
					      false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	return true;
}

#endif /* USM_INSTANCE_WORKER_CLAIMS_H */
