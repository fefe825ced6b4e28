/* SPDX-License-Identifier: MIT */
/*
 * instance.h - the parts of a running instance, put together.
 */
#ifndef USM_INSTANCE_INSTANCE_H
#define USM_INSTANCE_INSTANCE_H

#include <stdbool.h>

#include "common/settings.h"
#include "instance/control.h"
#include "instance/failure.h"
#include "instance/policies/swap/device.h"
#include "instance/processes/policies.h"
#include "instance/reaper/reaper.h"
#include "instance/records/archive.h"
#include "instance/session.h"
#include "instance/worker/survey.h"
#include "instance/worker/exchange.h"
#include "usm_policy.h"

struct usm_instance;

struct usm_instance_options {
	struct usm_session *session;
	unsigned int nr_workers; /* a power of two */
	const struct usm_alloc_policy *alloc;
	const struct usm_settings *alloc_settings; /* NULL: none */
	/* What is done when no frame can be had. */
	const struct usm_oom_policy *oom;
	const struct usm_settings *oom_settings; /* NULL: none */
	struct usm_reaper *reaper; /* kills members; NULL: nobody can */
	/* What follows is of use only with a swap device. */
	struct usm_swap_device *swap; /* NULL: nothing is evicted */
	const struct usm_evict_policy *evict;
	const struct usm_settings *evict_settings; /* NULL: none */
	const struct usm_prefetch_policy *prefetch; /* NULL: none */
	const struct usm_settings *prefetch_settings; /* NULL: none */
	struct usm_archive *archive; /* of programs; NULL: none is remembered */
	/* Processes with an eviction policy or a priority of their own. */
	const struct usm_process_policies *processes; /* NULL: none */
	struct usm_threshold_watch *watch; /* NULL: no thresholds */
	bool swap_fresh; /* nothing of this instance's life is in it */
	unsigned int free_low_percent, free_high_percent;
};

/*
 * Builds stock, pager, LocalManager and mailboxes over an open session and
 * takes over the state of its frames and evicted pages.  What options point to
 * is borrowed.  No thread runs yet.  *out belongs to the caller.
 */
int usm_instance_create(const struct usm_instance_options *options,
			struct usm_instance **out, struct usm_failure *failure);

/*
 * Starts the workers on `cpu` and those after it (-1: chosen by instance id
 * among those allowed).  Faults are served from here on.
 */
int usm_instance_start(struct usm_instance *instance, int cpu,
		       struct usm_failure *failure);

struct usm_instance_run {
	int stop_fd; /* readable: end cleanly */
	struct usm_control_source source[USM_CONTROL_SOURCES];
	/* Optional: told every event. */
	void (*observe)(void *ctx, const struct usm_event *event);
	void *observe_ctx;
};

/*
 * Serves announcements on the calling thread until .stop_fd is readable (0) or
 * something breaks.
 */
int usm_instance_run(struct usm_instance *instance,
		     const struct usm_instance_run *run,
		     struct usm_failure *failure);

/*
 * Starts to exchange policies while faults go on: fills in .stock and .pager;
 * .done is called on another thread.  One at a time; usm_instance_destroy()
 * ends one that is under way.
 */
void usm_instance_exchange(struct usm_instance *instance,
			   struct usm_exchange *exchange);

/*
 * Asks policies for their counters while faults go on; the rest is as for an
 * exchange.
 */
void usm_instance_survey(struct usm_instance *instance,
			 struct usm_survey *survey);

/* As usm_workers_high_water(). */
size_t usm_instance_high_water(const struct usm_instance *instance);

/*
 * Stops the worker, closes the swap device and frees everything but the
 * session; NULL is fine.
 */
void usm_instance_destroy(struct usm_instance *instance);

#endif /* USM_INSTANCE_INSTANCE_H */
