/* SPDX-License-Identifier: MIT */
/*
 * ready.h - loads that were over before they began: completions to be reaped.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_READY_H
#define USM_INSTANCE_POLICIES_SWAP_READY_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/policies/swap/device.h"

/* Whoever begins loads reaps them soon: few lie here. */
#define USM_READY_MAX 64U

/* Zeroed: empty.  One thread. */
struct usm_ready {
	struct usm_swap_done done[USM_READY_MAX];
	uint32_t nr;
};

static inline bool usm_ready_full(const struct usm_ready *ready)
{
	return ready->nr == USM_READY_MAX;
}

/* Puts one in; there must be room. */
static inline void usm_ready_add(struct usm_ready *ready, uint64_t token,
				 int result)
{
	ready->done[ready->nr++] = (struct usm_swap_done){
		.token = token,
		.result = result,
	};
}

/* Takes up to nr; how many. */
static inline uint32_t usm_ready_take(struct usm_ready *ready,
				      struct usm_swap_done *done, uint32_t nr)
{
	uint32_t taken = 0;

	while (taken < nr && ready->nr)
		done[taken++] = ready->done[--ready->nr];
	return taken;
}

#endif /* USM_INSTANCE_POLICIES_SWAP_READY_H */
