/* SPDX-License-Identifier: MIT */
/*
 * survey.h - what policies and swap device of an instance have counted.
 */
#ifndef USM_INSTANCE_WORKER_SURVEY_H
#define USM_INSTANCE_WORKER_SURVEY_H

#include <stdint.h>

#include "common/config_processes.h"
#include "instance/ahead/ahead.h"
#include "instance/evict/pager.h"
#include "instance/policies/oom/checked.h"
#include "instance/worker/stock.h"

/* Counters of one policy, or device; more are left out. */
#define USM_SURVEY_STATS_MAX 24U

/* Longer names are cut. */
#define USM_SURVEY_NAME_SIZE 32

/* Names are copied: the policy may be gone when they are read. */
struct usm_survey_policy {
	char name[USM_SURVEY_NAME_SIZE]; /* empty: there is none */
	uint32_t nr;
	struct {
		char name[USM_SURVEY_NAME_SIZE];
		uint64_t value; /* the sum over all workers */
	} stat[USM_SURVEY_STATS_MAX];
};

struct usm_survey {
	unsigned int nr_stocks;
	struct usm_stock *const *stocks; /* of all the workers */
	struct usm_pager *pager; /* or NULL */
	struct usm_swap_device *swap; /* or NULL */
	const struct usm_ahead *ahead; /* or NULL */
	struct usm_checked_oom *const *ooms; /* of all the workers, or NULL */
	/* Called at the end, on a worker's thread. */
	void (*done)(void *ctx);
	void *done_ctx;
	/* For whoever is told that it is done. */
	struct usm_survey_policy alloc, evict, prefetch, given, oom;
	unsigned int nr_processes; /* groups of them */
	struct usm_survey_policy processes[USM_PROCESSES_MAX];
	struct usm_survey_policy device; /* NAME/HOW: how it reads aside */
};

/* Asks them.  By one worker, between two passes of all. */
void usm_survey_run(struct usm_survey *survey);

#endif /* USM_INSTANCE_WORKER_SURVEY_H */
