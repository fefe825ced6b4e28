/* SPDX-License-Identifier: MIT */
/*
 * policy.h - the daemon's side of the benchmark: a claim, a stock of frames,
 * and one worker that polls or sleeps exactly as it is told to.  Speaks the
 * kernel's ABI directly, so that no real daemon's habits are measured.
 */
#ifndef USM_BENCH_POLICY_H
#define USM_BENCH_POLICY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

enum worker_mode {
	WORKER_SLEEPS, /* goes to sleep as soon as nothing is pending */
	WORKER_POLLS,
	WORKER_ENDS,
};

struct policy {
	int dev;
	int freed;
	struct usm_claim claim;
	uint64_t base_pfn;
	uint32_t pool_frames;
	uint32_t first; /* of the partition: one extent */
	uint32_t frames;
	struct usm_channel *channel;
	struct usm_bitfield *pfq;
	struct usm_slot *slots;
	char *slice;

	pthread_t worker;
	enum worker_mode mode;
	uint32_t mode_taken; /* the worker acts on it */
	int error; /* of registering the worker */
	uint64_t answered; /* upcalls, by the worker */
	uint64_t woken; /* of these, those that needed USM_IOC_MAP */
	uint64_t refused; /* answers that the kernel did not take */

	pthread_spinlock_t lock; /* protects what follows */
	bool *is_free;
	uint32_t nr_free;
	uint32_t next; /* where to look for the next free one */
};

/* What happened, from both sides. */
struct policy_counters {
	uint64_t upcalls;
	uint64_t magazine;
	uint64_t range;
	uint64_t around;
	uint64_t fallbacks;
	uint64_t wakes; /* of the worker, by the kernel */
	uint64_t answered;
	uint64_t woken;
};

/* Claims and starts the worker on the CPU. 0 or -errno. */
int policy_open(struct policy *policy, uint32_t frames, int cpu);
/* Of one that was opened. */
void policy_close(struct policy *policy);

int policy_bind(struct policy *policy, pid_t pid, uint32_t *member);

/* Returns when the worker does as it is told. */
void policy_set_mode(struct policy *policy, enum worker_mode mode);

/* Takes a run of free frames, aligned to its length if that is a power of two. */
int policy_take(struct policy *policy, uint32_t frames, uint32_t *first);

/* They were not used after all. */
void policy_give_back(struct policy *policy, uint32_t first, uint32_t frames);

/* Fills frames with zeroes, or with rubbish, through the slice. */
void policy_fill(struct policy *policy, uint32_t first, uint32_t frames,
		 unsigned char with);

/*
 * Has the kernel look for frames that came home and takes them in, until all
 * are, or it takes too long (-ETIMEDOUT).
 */
int policy_collect(struct policy *policy);

int policy_count(struct policy *policy, struct policy_counters *out);

/* Gives frames ahead of time; the kernel's answer. */
int policy_push(struct policy *policy, uint32_t member, uint32_t first,
		uint32_t frames, uint32_t flags);
int policy_grant(struct policy *policy, struct usm_grant_entry *entry);

#endif /* USM_BENCH_POLICY_H */
