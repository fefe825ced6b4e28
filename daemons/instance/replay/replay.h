/* SPDX-License-Identifier: MIT */
/*
 * replay.h - `usm-instance --replay`: eviction policies side by side, and the
 * optimum beside them, without a kernel and without rights.
 */
#ifndef USM_INSTANCE_REPLAY_REPLAY_H
#define USM_INSTANCE_REPLAY_REPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "instance/failure.h"

struct usm_replay_options {
	const char *path; /* of the trace */
	/* A policy built in or in policy_dir; NULL or "all": those built in. */
	const char *evict;
	/* The same of prefetch policies, with each of those; NULL: none. */
	const char *prefetch;
	const char *policy_dir;
	/* At most one; neither: 10, 25 and 50 % of the footprint. */
	uint64_t memory_bytes;
	uint32_t frames;
	uint32_t batch; /* victims per decision */
	bool json;
};

/*
 * Reads the trace, plays it and prints to `out`.  EINVAL: the trace, a size
 * that makes no sense with it, the policy; ENOMEM, errors of reading and writing.
 */
int usm_replay(const struct usm_replay_options *options, FILE *out,
	       struct usm_failure *failure);

#endif /* USM_INSTANCE_REPLAY_REPLAY_H */
