/* SPDX-License-Identifier: MIT */
#include "instance/instance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/ahead/ahead.h"
#include "instance/control.h"
#include "instance/evict/pager.h"
#include "instance/evict/pager_policy.h"
#include "instance/evict/recover.h"
#include "instance/evict/reserve.h"
#include "instance/processes/group.h"
#include "instance/records/roster.h"
#include "instance/worker/resize.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_policy.h"
#include "instance/workers.h"

/*
 * A fault for which no page can be evicted now waits half of the deadline: the
 * kernel would serve it itself after the whole.
 */
#define PATIENCE_NS_PER_MS 500000ULL

struct usm_instance {
	struct usm_session *session;
	struct usm_kernel kernel;
	struct usm_returned *returned;
	struct usm_workers *workers;
	struct usm_ahead *ahead;
	struct usm_swap_device *swap; /* NULL: none */
	struct usm_pager *pager; /* NULL: no swap */
	struct usm_roster *roster; /* NULL: no program is remembered */
	struct usm_checked_oom *ooms[USM_WORKERS_MAX];
	struct usm_resize_parts resize;
	bool deserted; /* it ended without members */
	const struct usm_config_processes *processes; /* NULL: none */
};

/* Reading /proc/usmPgs first makes what came home meanwhile FREE again. */
static int take_over_frames(struct usm_instance *instance)
{
	int err = usm_returned_collect(instance->returned, NULL);

	if (err)
		return err;
	return usm_stock_reconcile(usm_workers_stocks(instance->workers)[0],
				   NULL);
}

static int build_ahead(struct usm_instance *instance,
		       const struct usm_instance_options *options)
{
	const struct usm_session *session = instance->session;
	const struct usm_ahead_options wanted = {
		.kernel = &instance->kernel,
		.stocks = usm_workers_stocks(instance->workers),
		.nr_workers = options->nr_workers,
		.notices = options->swap ? NULL : session->view.notices,
		.pool = session->pool,
		.pool_frames = session->pool_frames,
	};

	int err = usm_ahead_create(&wanted, &instance->ahead);

	if (!err)
		usm_workers_ahead(instance->workers, instance->ahead);
	return err;
}

static int build_pager(struct usm_instance *instance,
		       const struct usm_instance_options *options)
{
	struct usm_session *session = instance->session;
	struct usm_pager_options wanted = {
		.kernel = &instance->kernel,
		.stock = usm_workers_stocks(instance->workers)[0],
		.policy = options->evict,
		.device = options->swap,
		.notices = session->view.notices,
		.ahead = instance->ahead,
		.pool = session->pool,
		.pool_frames = session->pool_frames,
		.reserve = usm_reserve_of(session->claim.frames),
		.marks = usm_watermarks_of(session->claim.frames,
					   options->free_low_percent,
					   options->free_high_percent),
	};

	int err;

	if (!options->swap)
		return 0;
	err = usm_pager_create(&wanted, &instance->pager);
	if (err || !options->archive)
		return err;
	err = usm_roster_create(&instance->roster);
	if (!err)
		usm_prefetcher_remember_in(
			usm_pager_prefetcher(instance->pager), instance->roster,
			options->archive);
	return err;
}

/* An eighth of the deadline: what the answer is given in. */
static uint64_t oom_limit_ns(const struct usm_claim *claim)
{
	uint64_t deadline_ns = claim->deadline_ms * 2 * PATIENCE_NS_PER_MS;

	return deadline_ns - deadline_ns / 8;
}

static int build_ooms(struct usm_instance *instance,
		      const struct usm_instance_options *options,
		      struct usm_failure *failure)
{
	const struct usm_checked_oom_options wanted = {
		.policy = options->oom,
		.settings = options->oom_settings,
		.limit_ns = oom_limit_ns(&instance->session->claim),
		.kill = options->reaper ? usm_reaper_ask : NULL,
		.killed_at = usm_reaper_killed_at,
		.kill_ctx = options->reaper,
	};
	unsigned int i;
	int err = 0;

	for (i = 0; i < options->nr_workers && !err; i++) {
		err = usm_checked_oom_create(&wanted, &instance->ooms[i],
					     failure);
		if (!err)
			usm_local_manager_oom(
				usm_workers_managers(instance->workers)[i],
				instance->ooms[i]);
	}
	return err;
}

static int build(struct usm_instance *instance,
		 const struct usm_instance_options *options)
{
	struct usm_session *session = instance->session;
	const struct usm_claim *claim = &session->claim;
	struct usm_workers_options wanted = {
		.nr = options->nr_workers,
		.kernel = &instance->kernel,
		.claim = claim,
		.alloc = options->alloc,
		.bells = session->channel->doorbell,
		.watch = options->watch,
	};
	int err;

	usm_session_kernel(session, &instance->kernel);
	err = usm_returned_create(claim->extents, claim->nr_extents,
				  claim->base_pfn, &instance->kernel,
				  &instance->returned);
	if (err)
		return err;
	wanted.returned = instance->returned;
	err = usm_workers_create(&wanted, &instance->workers);
	if (err)
		return err;
	err = build_ahead(instance, options);
	if (err)
		return err;
	err = build_pager(instance, options);
	if (err)
		return err;
	err = usm_workers_schedule(instance->workers, &session->view,
				   instance->pager,
				   claim->deadline_ms * PATIENCE_NS_PER_MS);
	if (err)
		return err;
	instance->resize = (struct usm_resize_parts){
		.kernel = &instance->kernel,
		.nr_workers = options->nr_workers,
		.stocks = usm_workers_stocks(instance->workers),
		.managers = usm_workers_managers(instance->workers),
		.pager = instance->pager,
		.ahead = instance->ahead,
		.watch = options->watch,
		.pool_frames = session->pool_frames,
		.free_low_percent = options->free_low_percent,
		.free_high_percent = options->free_high_percent,
	};
	return 0;
}

static int set_prefetch(struct usm_instance *instance,
			const struct usm_instance_options *options,
			struct usm_failure *failure)
{
	struct usm_prefetcher *prefetcher =
		usm_pager_prefetcher(instance->pager);
	struct usm_checked_prefetch *policy = NULL;
	int err = usm_prefetcher_prepare(prefetcher, options->prefetch,
					 options->prefetch_settings, &policy,
					 failure);

	if (!err)
		usm_prefetcher_adopt(prefetcher, policy);
	return err;
}

/* Before there is a frame in stock or a page: costs next to nothing. */
static int configure_policies(struct usm_instance *instance,
			      const struct usm_instance_options *options,
			      struct usm_failure *failure)
{
	struct usm_stock *const *stocks = usm_workers_stocks(instance->workers);
	unsigned int i;
	int err = 0;

	if (options->alloc_settings && options->alloc_settings->nr)
		for (i = 0; i < options->nr_workers && !err; i++)
			err = usm_stock_replace_policy(
				stocks[i], options->alloc,
				options->alloc_settings, failure);
	if (!err && instance->pager && options->processes)
		err = usm_process_policies_apply(options->processes,
						 instance->pager, failure);
	if (!err && instance->pager && options->evict_settings &&
	    options->evict_settings->nr)
		err = usm_pager_replace_policy(instance->pager, options->evict,
					       options->evict_settings,
					       failure);
	if (!err && instance->pager && options->prefetch)
		err = set_prefetch(instance, options, failure);
	return err;
}

int usm_instance_create(const struct usm_instance_options *options,
			struct usm_instance **out, struct usm_failure *failure)
{
	struct usm_instance *instance = calloc(1, sizeof(*instance));
	const struct usm_claim *claim = &options->session->claim;
	int err;

	if (!instance)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	instance->session = options->session;
	instance->swap = options->swap;
	if (options->processes)
		instance->processes = options->processes->processes;
	err = build(instance, options);
	if (err) {
		usm_fail(failure, USM_EXIT_FAILED, -err,
			 "setting up the partition: %s", strerror(-err));
	} else {
		err = configure_policies(instance, options, failure);
		if (!err && options->oom)
			err = build_ooms(instance, options, failure);
	}
	if (!err) {
		err = take_over_frames(instance);
		if (err)
			usm_fail(failure, USM_EXIT_FAILED, -err,
				 "reading the states of the frames: %s",
				 strerror(-err));
	}
	if (!err)
		err = usm_recover(instance->pager, &instance->kernel,
				  claim->extents, claim->nr_extents,
				  options->swap_fresh, failure);
	if (err) {
		usm_instance_destroy(instance);
		return err;
	}
	*out = instance;
	return 0;
}

/*
 * Short of memory they go on with the books they have: the kernel refuses what
 * is not ours any more, and what is new lies idle.
 */
static void follow_resize(void *ctx)
{
	const struct usm_instance *instance = ctx;

	usm_resize_follow(&instance->resize);
}

int usm_instance_start(struct usm_instance *instance, int cpu,
		       struct usm_failure *failure)
{
	/* Spreads instances over the CPUs this process may use. */
	return usm_workers_start(instance->workers,
				 instance->session->claim.instance - 1, cpu,
				 follow_resize, instance, failure);
}

static bool member_new(void *ctx, const struct usm_member *member)
{
	const struct usm_instance *instance = ctx;

	if (instance->roster)
		usm_roster_add(instance->roster, member->member,
			       (uint32_t)member->pid, member->comm);
	return usm_workers_member_new(
		instance->workers, member->member, (uint32_t)member->pid,
		usm_process_group(instance->processes, "/proc", member->pid,
				  member->comm));
}

static void member_gone(void *ctx, uint32_t member)
{
	const struct usm_instance *instance = ctx;

	usm_workers_member_gone(instance->workers, member);
}

/* A threshold that is left by that: workers may sleep all the while. */
static void freed(void *ctx)
{
	const struct usm_instance *instance = ctx;

	if (instance->resize.watch &&
	    usm_threshold_watch_level(instance->resize.watch))
		usm_workers_look(instance->workers);
}

static void resized(void *ctx)
{
	const struct usm_instance *instance = ctx;

	usm_workers_resize(instance->workers);
}

void usm_instance_exchange(struct usm_instance *instance,
			   struct usm_exchange *exchange)
{
	exchange->pager = instance->pager;
	usm_workers_exchange(instance->workers, exchange);
}

void usm_instance_survey(struct usm_instance *instance,
			 struct usm_survey *survey)
{
	survey->pager = instance->pager;
	survey->swap = instance->swap;
	survey->ooms = instance->ooms[0] ? instance->ooms : NULL;
	usm_workers_survey(instance->workers, survey);
}

size_t usm_instance_high_water(const struct usm_instance *instance)
{
	return usm_workers_high_water(instance->workers);
}

int usm_instance_run(struct usm_instance *instance,
		     const struct usm_instance_run *run,
		     struct usm_failure *failure)
{
	struct usm_control control = {
		.session = instance->session,
		.returned = instance->returned,
		.member_new = member_new,
		.member_gone = member_gone,
		.resized = resized,
		.freed = freed,
		.workers_ctx = instance,
		.stop_fd = run->stop_fd,
		.observe = run->observe,
		.observe_ctx = run->observe_ctx,
	};
	int err;

	memcpy(control.source, run->source, sizeof(control.source));
	err = usm_control_resync(&control);
	if (!err)
		err = usm_control_run(&control);
	instance->deserted = !err && !control.members.nr;
	usm_members_fini(&control.members);
	if (err == -ENODEV)
		return usm_fail(failure, USM_EXIT_FAILED, ENODEV,
				"the partition was taken away");
	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"reading announcements: %s", strerror(-err));
	return 0;
}

/*
 * The instance may be at its end as well, and nobody comes after this daemon.
 * While it has members the room stays set aside.
 */
static void empty_swap(const struct usm_instance *instance)
{
	const struct usm_swap_device *swap = instance->swap;

	if (!instance->deserted || !swap || !swap->empty)
		return;
	usm_pager_read_news(instance->pager);
	if (!usm_pager_out(instance->pager))
		swap->empty(swap->ctx);
}

void usm_instance_destroy(struct usm_instance *instance)
{
	unsigned int i;

	if (!instance)
		return;
	if (instance->workers)
		usm_workers_stop(instance->workers);
	empty_swap(instance);
	/* It reports to a manager until it is closed. */
	if (instance->swap)
		usm_swap_device_close(instance->swap);
	usm_workers_destroy(instance->workers);
	usm_pager_destroy(instance->pager);
	usm_roster_destroy(instance->roster);
	for (i = 0; i < USM_WORKERS_MAX; i++)
		usm_checked_oom_destroy(instance->ooms[i]);
	usm_ahead_destroy(instance->ahead);
	usm_returned_destroy(instance->returned);
	free(instance);
}
