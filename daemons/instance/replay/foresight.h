/* SPDX-License-Identifier: MIT */
/*
 * foresight.h - a prefetch policy in a simulation: what it would have had read,
 * and how much of that was needed.
 *
 * The daemon's own prefetcher (prefetch/prefetcher.h) with its window, its shelf
 * and its patience, over a swap device that reads at once.  So nothing is ever
 * late here.  Pages that were read ahead are faults all the same, as in the
 * daemon: without a wait.
 */
#ifndef USM_INSTANCE_REPLAY_FORESIGHT_H
#define USM_INSTANCE_REPLAY_FORESIGHT_H

#include <stdint.h>

#include "instance/failure.h"
#include "instance/records/archive.h"
#include "instance/replay/trace.h"
#include "usm_policy.h"

/*
 * A trace says which pages were used, not where mappings end.  Runs of a member
 * with fewer pages than these between them, 2 MiB, count as one mapping.
 */
#define USM_FORESIGHT_GAP 512U

struct usm_foresight_outcome {
	uint64_t returns; /* faults on pages that had been evicted */
	uint64_t read; /* pages read ahead */
	uint64_t used; /* of these: needed later */
	uint64_t wasted; /* of these: not */
	uint64_t waits; /* returns left that had to wait for a read */
	uint64_t overruled; /* answers of the policy not carried out */
};

struct usm_foresight;

/*
 * For the pages of a trace under a policy, all of them in memory or not touched
 * yet.  archive: where a policy that remembers programs does, until the next
 * one.  All are borrowed.  *out is the caller's.  ENOMEM, what the policy
 * answers.
 */
int usm_foresight_create(const struct usm_trace *trace,
			 const struct usm_prefetch_policy *policy,
			 struct usm_archive *archive,
			 struct usm_foresight **out,
			 struct usm_failure *failure);

/* Frees it; its programs have ended.  NULL is fine. */
void usm_foresight_destroy(struct usm_foresight *foresight);

/* The page was evicted. */
void usm_foresight_evicted(struct usm_foresight *foresight, uint32_t page);

/* A page that is in no frame is needed: it is out, or touched first. */
void usm_foresight_fault(struct usm_foresight *foresight, uint32_t page);

/*
 * The first touch of a page of a trace, as a fault: where it lies, in which
 * mapping (USM_FORESIGHT_GAP), and whose it is.
 */
struct usm_fault usm_foresight_fault_of(const struct usm_trace *trace,
					uint32_t page);

/* What came of it so far; what was read and not needed yet is wasted. */
void usm_foresight_outcome(const struct usm_foresight *foresight,
			   struct usm_foresight_outcome *out);

#endif /* USM_INSTANCE_REPLAY_FORESIGHT_H */
