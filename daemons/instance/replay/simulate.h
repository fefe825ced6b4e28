/* SPDX-License-Identifier: MIT */
/*
 * simulate.h - one eviction policy, one size of memory, one trace; a prefetch
 * policy, if one is wanted.
 *
 * Frames are handed out until there are none; then the policy is asked for
 * victims exactly as the pager asks it (evict/choose.h).  An access sets the
 * accessed bit of its frame, also the one that faults, as processors do; bits
 * are read and cleared only where the policy wants to know.  What a pager
 * cannot see, order and number of accesses between two looks, the policy does
 * not see here either.
 */
#ifndef USM_INSTANCE_REPLAY_SIMULATE_H
#define USM_INSTANCE_REPLAY_SIMULATE_H

#include <stdint.h>

#include "instance/failure.h"
#include "instance/replay/foresight.h"
#include "instance/replay/trace.h"
#include "usm_policy.h"

/* Victims asked for at once, at most: what the pager evicts in one call. */
#define USM_SIMULATE_BATCH_MAX 32U

struct usm_simulation {
	const struct usm_trace *trace;
	const struct usm_evict_policy *policy;
	/*
	 * NULL: none.  One that remembers programs is played the trace twice,
	 * with the second time counting: the best case, a program that does the
	 * same again.
	 */
	const struct usm_prefetch_policy *prefetch;
	uint32_t frames; /* at least 1 */
	uint32_t batch; /* victims per decision, 1 to the maximum */
};

struct usm_outcome {
	uint64_t faults; /* accesses to pages that were in no frame */
	uint64_t evictions;
	uint64_t overruled; /* answers of the policy not carried out */
	uint64_t
		decision_ns; /* median, looks at accessed bits included; 0: none */
	struct usm_foresight_outcome foresight; /* zero without prefetch */
};

/*
 * Plays the trace.  All but the time is the same whenever and wherever it runs,
 * if the policy's decisions are.  ENOMEM, what the policy answers.
 */
int usm_simulate(const struct usm_simulation *simulation,
		 struct usm_outcome *out, struct usm_failure *failure);

#endif /* USM_INSTANCE_REPLAY_SIMULATE_H */
