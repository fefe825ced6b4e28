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
#include "instance/instance.h"
#include "instance/notify.h"
#include "instance/options.h"
#include "instance/policies/selection.h"
#include "instance/privileges.h"
#include "instance/session.h"
#include "instance/swap/setup.h"

/* SIGTERM and SIGINT become readable; every later thread inherits the mask. */
static int open_stop_fd(int *out)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	/* A starter that went away shows as an error of write(). */
	signal(SIGPIPE, SIG_IGN);
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

static int open_policies(const struct usm_options *options,
			 struct usm_policy_selection **out,
			 struct usm_failure *failure)
{
	const struct usm_trusted where = {
		.root = "/",
		.dir = options->policy_dir,
		.owner = 0,
	};

	return usm_policy_selection_open(&options->config, &where, out,
					 failure);
}

static int serve(const struct usm_options *options, struct usm_session *session,
		 struct usm_swap_device *swap, bool swap_fresh,
		 const struct usm_policy_selection *policies, int stop_fd,
		 struct usm_failure *failure)
{
	const struct usm_config *config = &options->config;
	struct usm_instance_options wanted = {
		.session = session,
		.alloc = policies->alloc,
		.alloc_settings = &policies->alloc_settings,
		.swap = config->swap_bytes ? swap : NULL,
		.evict = policies->evict,
		.evict_settings = &policies->evict_settings,
		.swap_fresh = swap_fresh,
		.free_low_percent = config->free_low_percent,
		.free_high_percent = config->free_high_percent,
	};
	struct usm_instance *instance = NULL;
	int err;

	err = usm_instance_create(&wanted, &instance, failure);
	if (!err)
		err = usm_instance_start(instance, options->cpu, failure);
	if (!err) {
		/* Whoever started this may be gone; that is its business. */
		usm_notify_ready(options->ready_fd, session->claim.instance);
		err = usm_instance_run(instance, stop_fd,
				       options->verbose ? print_event : NULL,
				       NULL, failure);
	}
	usm_instance_destroy(instance);
	return err;
}

static int run(const struct usm_options *options, struct usm_failure *failure)
{
	uint64_t swap_bytes = options->config.swap_bytes;
	struct usm_policy_selection *policies = NULL;
	struct usm_swap_device swap = { 0 };
	struct usm_session session;
	bool swap_fresh = true;
	usm_auto_fd stop_fd = -1;
	int err = open_stop_fd(&stop_fd);

	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err, "signals: %s",
				strerror(-err));
	err = open_policies(options, &policies, failure);
	if (!err)
		err = open_session(options, &session, failure);
	if (err) {
		usm_policy_selection_destroy(policies);
		return err;
	}
	if (swap_bytes)
		err = usm_swap_setup(&session, options->swap_dir, swap_bytes,
				     &swap, &swap_fresh, failure);
	if (!err)
		err = usm_privileges_drop(options->uid, options->gid, failure);
	if (!err)
		err = usm_policy_selection_load(policies, failure);
	if (!err)
		err = serve(options, &session, &swap, swap_fresh, policies,
			    stop_fd, failure);
	usm_policy_selection_destroy(policies);
	usm_swap_device_close(&swap);
	usm_session_close(&session);
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
		err = run(&options, &failure);
	if (err) {
		fprintf(stderr, "usm-instance: %s\n", failure.text);
		return failure.exit;
	}
	return USM_EXIT_OK;
}
