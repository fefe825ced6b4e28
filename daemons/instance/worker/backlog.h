/* SPDX-License-Identifier: MIT */
/*
 * backlog.h - the pending faults a worker takes: those of its own slots, and
 * those of others while it helps.
 *
 * With several workers it takes its own in portions.  One that finds more than
 * a portion left behind wakes a worker that sleeps, and that one takes whatever
 * is pending, whose ever it is, until it finds nothing.  Workers that are awake
 * leave each other's alone: what a policy keeps for a thread is with one of
 * them.
 */
#ifndef USM_INSTANCE_WORKER_BACKLOG_H
#define USM_INSTANCE_WORKER_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

/*
 * Faults taken at once: some ten microseconds of work.  Race tests, where no
 * such load comes together, make both of these smaller.
 */
#ifndef USM_BACKLOG_PORTION
#define USM_BACKLOG_PORTION 8U
#endif

/* Left behind after a portion: then help pays, a wake-up being as long. */
#ifndef USM_BACKLOG_OVERLOAD
#define USM_BACKLOG_OVERLOAD 8U
#endif

/* Who is asked to help; shared by the workers of an instance. */
struct usm_help {
	unsigned int nr_workers;
	struct usm_doorbell *bells; /* [nr_workers] */
	struct usm_help_worker {
		bool asked;
	} __attribute__((aligned(64))) worker[USM_WORKERS_MAX];
};

struct usm_backlog {
	struct usm_bitfield *pfq;
	uint32_t nr_words; /* of the leaf that are in use */
	uint64_t own; /* the bits of a word that are this worker's slots */
	uint64_t taking; /* those it takes now: its own, or all */
	struct usm_help *help; /* NULL: there is one worker */
	unsigned int worker;
};

/* Is there a bit to take, or was it asked to help?  A few loads. */
bool usm_backlog_pending(const struct usm_backlog *backlog);

/* One pass: what was pending when it began, each bit once. */
struct usm_backlog_pass {
	uint64_t words; /* not looked at yet */
	uint64_t left; /* of .word */
	uint32_t word;
	bool asked; /* somebody, to help */
};

void usm_backlog_begin(struct usm_backlog *backlog,
		       struct usm_backlog_pass *pass);

/*
 * The next portion: bits of one word, whose number is *word.  0: the pass is
 * over.
 */
uint64_t usm_backlog_take(struct usm_backlog *backlog,
			  struct usm_backlog_pass *pass, uint32_t *word);

/* After a pass that took so many: one that found nothing stops helping. */
void usm_backlog_end(struct usm_backlog *backlog, uint32_t taken);

#endif /* USM_INSTANCE_WORKER_BACKLOG_H */
