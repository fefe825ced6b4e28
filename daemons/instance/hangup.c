/* SPDX-License-Identifier: MIT */
#include "instance/hangup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "instance/signals.h"

/* A failure and what it means. */
#define REPORT_SIZE (USM_FAILURE_SIZE + 64)

static void refused(const struct usm_hangup *hangup,
		    const struct usm_failure *failure)
{
	char text[REPORT_SIZE];

	snprintf(text, sizeof(text), "policies stay as they are: %s",
		 failure->text);
	hangup->report(text);
}

static void tell_done(void *ctx)
{
	const struct usm_hangup *hangup = ctx;

	eventfd_write(hangup->done_fd, 1);
}

static void begin(void *ctx)
{
	struct usm_hangup *hangup = ctx;
	struct usm_failure failure = { 0 };

	if (usm_reload_prepare(&hangup->reload, &failure)) {
		refused(hangup, &failure);
		usm_turn_end(hangup->turn);
		return;
	}
	hangup->reload.exchange.done = tell_done;
	hangup->reload.exchange.done_ctx = hangup;
	usm_instance_exchange(hangup->instance, &hangup->reload.exchange);
}

static bool on_signal(void *ctx)
{
	struct usm_hangup *hangup = ctx;
	struct usm_failure failure = { 0 };

	if (!usm_signals_take(hangup->signal_fd))
		return false;
	if (hangup->reload.next) {
		/* Says that one is under way. */
		usm_reload_prepare(&hangup->reload, &failure);
		refused(hangup, &failure);
	} else if (usm_turn_take(hangup->turn, begin, hangup)) {
		begin(hangup);
	}
	return false;
}

static bool on_done(void *ctx)
{
	struct usm_hangup *hangup = ctx;
	const struct usm_config *config = &hangup->reload.config;
	struct usm_failure failure = { 0 };
	char text[REPORT_SIZE];
	eventfd_t count;
	int err;

	if (eventfd_read(hangup->done_fd, &count))
		return false;
	err = usm_reload_finish(&hangup->reload, &failure);
	usm_turn_end(hangup->turn);
	if (err) {
		refused(hangup, &failure);
		return false;
	}
	snprintf(text, sizeof(text), "policies are now: alloc %s%s%s%s%s",
		 config->alloc_policy, config->swap_bytes ? ", evict " : "",
		 config->swap_bytes ? config->evict_policy : "",
		 *config->prefetch_policy ? ", prefetch " : "",
		 config->prefetch_policy);
	hangup->report(text);
	return true;
}

int usm_hangup_open(struct usm_hangup *hangup, void (*report)(const char *))
{
	static const int signals[] = { SIGHUP, 0 };
	int err;

	*hangup = (struct usm_hangup){ .report = report };
	hangup->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (hangup->done_fd < 0)
		return -errno;
	err = usm_signals_open(signals, &hangup->signal_fd);
	if (err) {
		close(hangup->done_fd);
		return err;
	}
	return 0;
}

void usm_hangup_sources(struct usm_hangup *hangup,
			struct usm_control_source *source)
{
	source[0] = (struct usm_control_source){
		.fd = hangup->signal_fd,
		.ready = on_signal,
		.ctx = hangup,
	};
	source[1] = (struct usm_control_source){
		.fd = hangup->done_fd,
		.ready = on_done,
		.ctx = hangup,
	};
}

void usm_hangup_close(struct usm_hangup *hangup)
{
	usm_reload_fini(&hangup->reload);
	close(hangup->signal_fd);
	close(hangup->done_fd);
}
