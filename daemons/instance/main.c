/* SPDX-License-Identifier: MIT */
/*
 * usm-instance: the policy daemon of one tenant.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/frame_size.h"
#include "common/printable.h"
#include "instance/hangup.h"
#include "instance/inquiry.h"
#include "instance/instance.h"
#include "instance/notify.h"
#include "instance/options.h"
#include "instance/policies/oom/registry.h"
#include "instance/privileges.h"
#include "instance/reaper/reaper.h"
#include "instance/records/archive.h"
#include "instance/records/directory.h"
#include "instance/session.h"
#include "instance/signals.h"
#include "instance/swap/setup.h"
#include "instance/thresholds/switcher.h"

/* What is waited for besides the kernel. */
struct signals {
	int stop_fd;
	struct usm_hangup hangup;
	struct usm_inquiry inquiry;
	struct usm_turn turn; /* to exchange policies */
	struct usm_threshold_switcher thresholds;
	struct usm_reaper *reaper; /* or NULL */
};

/* Without a file to read again SIGHUP is the end of a terminal. */
static int open_stop_fd(bool reload, int *out)
{
	static const int with[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	static const int without[] = { SIGTERM, SIGINT, 0 };

	return usm_signals_open(reload ? without : with, out);
}

static void close_signals(struct signals *signals)
{
	usm_inquiry_close(&signals->inquiry);
	usm_threshold_switcher_close(&signals->thresholds);
	usm_hangup_close(&signals->hangup);
	close(signals->stop_fd);
}

static const char *event_name(uint32_t type)
{
	static const char *const names[] = {
		[USM_EVENT_BIND] = "bind",     [USM_EVENT_FORK] = "fork",
		[USM_EVENT_EXEC] = "exec",     [USM_EVENT_EXIT] = "exit",
		[USM_EVENT_UNBIND] = "unbind", [USM_EVENT_LOST] = "lost",
		[USM_EVENT_RESIZE] = "resize",
	};

	if (type >= sizeof(names) / sizeof(names[0]) || !names[type])
		return "unknown";
	return names[type];
}

static void print_event(void *ctx, const struct usm_event *event)
{
	char comm[sizeof(event->comm) + 1];

	(void)ctx; /* stdout needs no context */
	usm_printable(comm, event->comm, sizeof(event->comm));
	printf("%s member=%" PRIu32 " pid=%" PRId32 " parent=%" PRIu32
	       " comm=%s\n",
	       event_name(event->type), event->member, event->pid,
	       event->parent, comm);
	fflush(stdout);
}

static int open_session(const struct usm_options *options,
			struct usm_session *out, struct usm_failure *failure)
{
	const struct usm_config *config = &options->config;
	struct usm_session_options wanted = {
		.device = options->device,
		.name = config->name,
		.frames = (uint32_t)(config->memory_bytes >> USM_FRAME_SHIFT),
		.nr_slots = config->slots,
		.deadline_ms = config->deadline_ms,
		.owner_uid = options->uid,
		.on_loss = config->on_loss,
		.persist = options->managed,
	};

	return usm_session_open(&wanted, out, failure);
}

static void report(const char *text)
{
	fprintf(stderr, "usm-instance: %s\n", text);
}

/* The files of policies, with rights, and what a reload will need. */
static int open_policies(const struct usm_options *options,
			 struct signals *signals, struct usm_failure *failure)
{
	struct usm_reload *reload = &signals->hangup.reload;
	int err;

	*reload = (struct usm_reload){
		.path = options->config_path,
		.where = { .root = "/", .dir = options->policy_dir },
		.config = options->config,
	};
	err = usm_policy_selection_open(&options->config, &reload->where,
					&reload->selection, failure);
	if (!err)
		err = usm_named_policy_open(
			&reload->oom, USM_POLICY_OOM, "policy.oom",
			*options->config.oom_policy ? options->config.oom_policy
						    : usm_oom_fallback.name,
			&reload->where, failure);
	if (!err)
		err = usm_process_policies_open(&reload->processes,
						&options->config.processes,
						&reload->where, failure);
	if (!err)
		err = usm_threshold_policies_open(&signals->thresholds.policies,
						  &options->config.thresholds,
						  &reload->where, failure);
	return err;
}

/* Without rights. */
static int load_policies(struct signals *signals, struct usm_failure *failure)
{
	struct usm_reload *reload = &signals->hangup.reload;
	int err = usm_policy_selection_load(reload->selection, failure);

	if (!err)
		err = usm_named_policy_load(&reload->oom, failure);
	if (!err)
		err = usm_process_policies_load(&reload->processes, failure);
	return err ? err
		   : usm_threshold_policies_load(&signals->thresholds.policies,
						 failure);
}

static void start_exchange(void *ctx, struct usm_exchange *exchange)
{
	usm_instance_exchange(ctx, exchange);
}

/* Returns what workers look at, NULL: there are no thresholds. */
static int open_thresholds(struct signals *signals, uint32_t frames,
			   struct usm_threshold_watch **watch,
			   struct usm_failure *failure)
{
	struct usm_threshold_switcher *thresholds = &signals->thresholds;
	int err;

	if (!thresholds->policies.thresholds->nr)
		return 0;
	thresholds->reload = &signals->hangup.reload;
	thresholds->turn = &signals->turn;
	thresholds->report = report;
	thresholds->start = start_exchange;
	err = usm_threshold_switcher_open(thresholds, frames);
	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"thresholds: %s", strerror(-err));
	*watch = &thresholds->watch;
	signals->inquiry.thresholds = thresholds;
	return 0;
}

static int open_signals(const struct usm_options *options,
			struct signals *signals)
{
	int err = usm_signals_block();

	signals->turn = (struct usm_turn){ 0 };
	signals->thresholds = (struct usm_threshold_switcher){ 0 };
	if (!err)
		err = open_stop_fd(options->config_path, &signals->stop_fd);
	if (err)
		return err;
	err = usm_hangup_open(&signals->hangup, report);
	if (err)
		goto close_stop;
	err = usm_inquiry_open(&signals->inquiry, stdout);
	if (err)
		goto close_hangup;
	return 0;

close_hangup:
	usm_hangup_close(&signals->hangup);
close_stop:
	close(signals->stop_fd);
	return err;
}

static void print_reaped(const struct usm_reaped *reaped)
{
	char comm[sizeof(reaped->comm) + 1];

	usm_printable(comm, reaped->comm, sizeof(reaped->comm));
	fprintf(stderr,
		"usm-instance: policy.oom: no frame was left; process %" PRId32
		" (%s), member %" PRIu32 " with %" PRIu32
		" frames, was killed\n",
		reaped->pid, comm, reaped->member, reaped->frames);
}

/* Before the session, whose claim is not to be held by two processes. */
static int start_reaper(const struct usm_options *options,
			struct signals *signals, struct usm_failure *failure)
{
	if (!usm_oom_policy_kills(signals->hangup.reload.oom.oom))
		return 0;
	return usm_reaper_start(options->device, options->uid, options->gid,
				&signals->reaper, failure);
}

static int serve(const struct usm_options *options, struct usm_session *session,
		 struct usm_swap_device *swap, bool swap_fresh,
		 struct usm_archive *archive, struct signals *signals,
		 struct usm_failure *failure)
{
	const struct usm_policy_selection *policies =
		signals->hangup.reload.selection;
	const struct usm_config *config = &options->config;
	struct usm_instance_options wanted = {
		.session = session,
		.nr_workers = config->workers,
		.alloc = policies->alloc,
		.alloc_settings = &policies->alloc_settings,
		.swap = config->swap_bytes ? swap : NULL,
		.oom = signals->hangup.reload.oom.oom,
		.oom_settings = &config->oom_options,
		.reaper = signals->reaper,
		.evict = policies->evict,
		.evict_settings = &policies->evict_settings,
		.prefetch = policies->prefetch.prefetch,
		.prefetch_settings = &policies->prefetch_settings,
		.archive = archive,
		.processes = &signals->hangup.reload.processes,
		.swap_fresh = swap_fresh,
		.free_low_percent = config->free_low_percent,
		.free_high_percent = config->free_high_percent,
	};
	struct usm_instance_run run = {
		.stop_fd = signals->stop_fd,
		.observe = options->verbose ? print_event : NULL,
	};
	struct usm_instance *instance = NULL;
	int err;

	usm_inquiry_sources(&signals->inquiry, run.source);
	if (options->config_path)
		usm_hangup_sources(&signals->hangup, run.source + 2);
	signals->hangup.turn = &signals->turn;
	err = open_thresholds(signals, session->claim.frames, &wanted.watch,
			      failure);
	if (!err && wanted.watch)
		usm_threshold_switcher_sources(&signals->thresholds,
					       run.source + 4);
	if (signals->reaper)
		usm_reaper_source(signals->reaper, print_reaped,
				  run.source + 6);
	if (!err)
		err = usm_instance_create(&wanted, &instance, failure);
	signals->inquiry.instance = instance;
	signals->hangup.instance = instance;
	signals->thresholds.start_ctx = instance;
	if (!err)
		err = usm_instance_start(instance, options->cpu, failure);
	if (!err) {
		/* Whoever started this may be gone; that is its business. */
		usm_notify_ready(options->ready_fd, session->claim.instance);
		err = usm_instance_run(instance, &run, failure);
	}
	usm_instance_destroy(instance);
	return err;
}

/* With rights.  *fd stays -1 where nothing is remembered. */
static int open_records(const struct usm_options *options,
			const struct signals *signals, int *fd,
			struct usm_failure *failure)
{
	const struct usm_record_directory where = {
		.dir = options->record_dir,
		.instance = options->config.name,
		.uid = options->uid,
		.gid = options->gid,
	};

	if (!usm_policy_selection_remembers(signals->hangup.reload.selection))
		return 0;
	return usm_record_directory_open(&where, fd, failure);
}

/* Without: its thread is to have none either. */
static int open_archive(const struct usm_options *options, int fd,
			struct usm_archive **out, struct usm_failure *failure)
{
	int err = options->config.swap_bytes ? usm_archive_create(fd, out) : 0;

	return err ? usm_fail(failure, USM_EXIT_FAILED, -err,
			      "--record-dir: reading %s/%s: %s",
			      options->record_dir, options->config.name,
			      strerror(-err))
		   : 0;
}

/* From the open session on; closes nothing. */
static int run_session(const struct usm_options *options,
		       struct usm_session *session, struct signals *signals,
		       struct usm_failure *failure)
{
	const struct usm_swap_dirs dirs = {
		.file = options->swap_dir,
		.memory = options->swap_memory_dir,
	};
	struct usm_swap_device swap = { 0 };
	struct usm_archive *archive = NULL;
	usm_auto_fd records = -1;
	bool swap_fresh = true;
	int err = 0;

	if (options->config.swap_bytes)
		err = usm_swap_setup(session, &dirs, &options->config, &swap,
				     &swap_fresh, failure);
	if (!err)
		err = open_records(options, signals, &records, failure);
	if (!err)
		err = usm_privileges_drop(options->uid, options->gid, failure);
	if (!err)
		err = load_policies(signals, failure);
	if (!err)
		err = open_archive(options, records, &archive, failure);
	assert(signals->hangup.reload.selection);
	if (!err)
		err = serve(options, session, &swap, swap_fresh, archive,
			    signals, failure);
	usm_archive_destroy(archive);
	usm_swap_device_close(&swap);
	return err;
}

static int run(const struct usm_options *options, struct usm_failure *failure)
{
	struct usm_session session;
	struct signals signals = { 0 };
	int err = open_signals(options, &signals);

	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err, "signals: %s",
				strerror(-err));
	err = open_policies(options, &signals, failure);
	if (!err)
		err = start_reaper(options, &signals, failure);
	if (!err)
		err = open_session(options, &session, failure);
	if (!err) {
		if (signals.reaper)
			usm_reaper_serve(signals.reaper,
					 session.claim.instance);
		err = run_session(options, &session, &signals, failure);
		usm_session_close(&session);
	}
	usm_reaper_stop(signals.reaper);
	close_signals(&signals);
	return err;
}

int main(int argc, char **argv)
{
	struct usm_failure failure = { .exit = USM_EXIT_FAILED };
	struct usm_options options;
	int err = usm_options_parse(argc, argv, &options, &failure);

	if (!err && options.check) {
		printf("%s: ok\n", options.check);
		return USM_EXIT_OK;
	}
	if (!err)
		err = options.replay.path
			      ? usm_replay(&options.replay, stdout, &failure)
			      : run(&options, &failure);
	if (err) {
		fprintf(stderr, "usm-instance: %s\n", failure.text);
		return failure.exit;
	}
	return USM_EXIT_OK;
}
