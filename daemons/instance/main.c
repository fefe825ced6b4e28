/* SPDX-License-Identifier: MIT */
/*
 * usm-instance: the policy daemon of one tenant.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "common/cleanup.h"
#include "common/client.h"
#include "instance/hangup.h"
#include "instance/instance.h"
#include "instance/notify.h"
#include "instance/options.h"
#include "instance/privileges.h"
#include "instance/session.h"
#include "instance/swap/setup.h"

/* Signals become readable; every later thread inherits the mask. */
static int open_stop_fd(bool reload, int *out)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	/* Without a file to read again it is the end of a terminal. */
	if (reload)
		sigdelset(&set, SIGHUP);
	/* A starter that went away shows as an error of write(). */
	signal(SIGPIPE, SIG_IGN);
	/* A limit on the size of files is an error where it is met. */
	signal(SIGXFSZ, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	*out = fd;
	return 0;
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
	(void)ctx; /* stdout needs no context */
	printf("%s member=%" PRIu32 " pid=%" PRId32 " parent=%" PRIu32
	       " comm=%.15s\n",
	       event_name(event->type), event->member, event->pid,
	       event->parent, event->comm);
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

/* With rights: the files of policies, and what a reload will need. */
static int open_policies(const struct usm_options *options,
			 struct usm_hangup *hangup, struct usm_failure *failure)
{
	struct usm_reload *reload = &hangup->reload;
	int err;

	*hangup = (struct usm_hangup){
		.report = report,
		.reload = {
			.path = options->config_path,
			.where = { .root = "/", .dir = options->policy_dir },
			.config = options->config,
		},
	};
	err = usm_hangup_open(hangup);
	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err, "signals: %s",
				strerror(-err));
	err = usm_policy_selection_open(&options->config, &reload->where,
					&reload->selection, failure);
	if (err)
		usm_hangup_close(hangup);
	return err;
}

static int serve(const struct usm_options *options, struct usm_session *session,
		 struct usm_swap_device *swap, bool swap_fresh,
		 struct usm_hangup *hangup, int stop_fd,
		 struct usm_failure *failure)
{
	const struct usm_policy_selection *policies = hangup->reload.selection;
	const struct usm_config *config = &options->config;
	struct usm_instance_options wanted = {
		.session = session,
		.nr_workers = config->workers,
		.alloc = policies->alloc,
		.alloc_settings = &policies->alloc_settings,
		.swap = config->swap_bytes ? swap : NULL,
		.evict = policies->evict,
		.evict_settings = &policies->evict_settings,
		.swap_fresh = swap_fresh,
		.free_low_percent = config->free_low_percent,
		.free_high_percent = config->free_high_percent,
	};
	struct usm_instance_run run = {
		.stop_fd = stop_fd,
		.observe = options->verbose ? print_event : NULL,
	};
	struct usm_instance *instance = NULL;
	int err;

	if (options->config_path)
		usm_hangup_sources(hangup, run.source);
	err = usm_instance_create(&wanted, &instance, failure);
	hangup->instance = instance;
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

/* From the open session on; closes nothing. */
static int run_session(const struct usm_options *options,
		       struct usm_session *session, struct usm_hangup *hangup,
		       int stop_fd, struct usm_failure *failure)
{
	const struct usm_swap_dirs dirs = {
		.file = options->swap_dir,
		.memory = options->swap_memory_dir,
	};
	struct usm_swap_device swap = { 0 };
	bool swap_fresh = true;
	int err = 0;

	if (options->config.swap_bytes)
		err = usm_swap_setup(session, &dirs, &options->config, &swap,
				     &swap_fresh, failure);
	if (!err)
		err = usm_privileges_drop(options->uid, options->gid, failure);
	if (!err)
		err = usm_policy_selection_load(hangup->reload.selection,
						failure);
	if (!err)
		err = serve(options, session, &swap, swap_fresh, hangup,
			    stop_fd, failure);
	usm_swap_device_close(&swap);
	return err;
}

static int run(const struct usm_options *options, struct usm_failure *failure)
{
	struct usm_session session;
	struct usm_hangup hangup;
	usm_auto_fd stop_fd = -1;
	int err = open_stop_fd(options->config_path, &stop_fd);

	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err, "signals: %s",
				strerror(-err));
	err = open_policies(options, &hangup, failure);
	if (err)
		return err;
	err = open_session(options, &session, failure);
	if (!err) {
		err = run_session(options, &session, &hangup, stop_fd, failure);
		usm_session_close(&session);
	}
	usm_hangup_close(&hangup);
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
