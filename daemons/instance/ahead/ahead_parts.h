/* SPDX-License-Identifier: MIT */
/*
 * ahead_parts.h - what stands behind ahead.h, for the files beside it.
 */
#ifndef USM_INSTANCE_AHEAD_AHEAD_PARTS_H
#define USM_INSTANCE_AHEAD_AHEAD_PARTS_H

#include <pthread.h>

#include "instance/ahead/ahead.h"
#include "instance/ahead/clean.h"
#include "instance/ahead/given.h"
#include "instance/ahead/magazines.h"
#include "instance/ahead/ranges.h"
#include "instance/ahead/zeroer.h"
#include "instance/worker/notices.h"

/* Members that run low at once; one more asks when it finds nothing. */
#define USM_AHEAD_LOW_MAX 64U

/* Members one pass remembers to refill; others ask again. */
#define USM_AHEAD_ASKED_MAX 16U

/* Members, each once. */
struct usm_ahead_queue {
	uint32_t nr;
	uint32_t member[USM_AHEAD_LOW_MAX];
};

/* A worker's own. */
struct usm_ahead_worker {
	struct usm_ahead *ahead;
	struct usm_stock *stock;
	struct usm_clean clean;
	uint32_t nr_asked;
	uint32_t asked[USM_AHEAD_ASKED_MAX];
};

struct usm_ahead_counts {
	uint64_t pushed;
	uint64_t vouched;
	uint64_t ranges;
	uint64_t taken_back;
};

struct usm_ahead {
	struct usm_ahead_options options;
	struct usm_zeroer zeroer;
	struct usm_given given;
	pthread_mutex_t lock; /* of all that follows but what workers own */
	struct usm_notice_reader notices;
	struct usm_ahead_queue low;
	struct usm_magazines magazines;
	struct usm_ranges ranges;
	struct usm_ahead_counts counts;
	struct usm_ahead_worker workers[];
};

#endif /* USM_INSTANCE_AHEAD_AHEAD_PARTS_H */
