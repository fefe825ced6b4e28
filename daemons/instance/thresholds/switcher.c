/* SPDX-License-Identifier: MIT */
#include "instance/thresholds/switcher.h"

#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A failure and what it means. */
#define REPORT_SIZE (USM_FAILURE_SIZE + 96)

bool usm_threshold_switcher_prepare(
	const struct usm_threshold_switcher *switcher,
	const struct usm_threshold_choice *next, struct usm_exchange *exchange)
{
	const struct usm_threshold_policies *policies = &switcher->policies;
	const struct usm_config_threshold *threshold =
		policies->thresholds->threshold;
	const struct usm_policy_selection *own = switcher->reload->selection;

	*exchange = (struct usm_exchange){ 0 };
	if (next->alloc != switcher->now.alloc && next->alloc) {
		exchange->alloc = policies->alloc[next->alloc - 1].alloc;
		exchange->alloc_settings =
			&threshold[next->alloc - 1].alloc_options;
	} else if (next->alloc != switcher->now.alloc) {
		exchange->alloc = own->alloc;
		exchange->alloc_settings = &own->alloc_settings;
	}
	if (next->evict != switcher->now.evict && next->evict) {
		exchange->evict = policies->evict[next->evict - 1].evict;
		exchange->evict_settings =
			&threshold[next->evict - 1].evict_options;
	} else if (next->evict != switcher->now.evict) {
		exchange->evict = own->evict;
		exchange->evict_settings = &own->evict_settings;
	}
	return exchange->alloc || exchange->evict;
}

static void tell_done(void *ctx)
{
	const struct usm_threshold_switcher *switcher = ctx;

	eventfd_write(switcher->done_fd, 1);
}

/* Looks where it stands by now: it may have changed while it had to wait. */
static void begin(void *ctx)
{
	struct usm_threshold_switcher *switcher = ctx;

	switcher->next = usm_threshold_choose(
		switcher->policies.thresholds,
		usm_threshold_watch_level(&switcher->watch));
	if (!usm_threshold_switcher_prepare(switcher, &switcher->next,
					    &switcher->exchange)) {
		usm_turn_end(switcher->turn);
		return;
	}
	switcher->exchange.done = tell_done;
	switcher->exchange.done_ctx = switcher;
	switcher->start(switcher->start_ctx, &switcher->exchange);
}

static bool on_level(void *ctx)
{
	struct usm_threshold_switcher *switcher = ctx;
	eventfd_t count;

	/* During an exchange of its own it looks again at the end. */
	if (eventfd_read(switcher->watch.fd, &count) || switcher->exchange.done)
		return false;
	if (usm_turn_take(switcher->turn, begin, switcher))
		begin(switcher);
	return false;
}

static void report(const struct usm_threshold_switcher *switcher, int err)
{
	const struct usm_exchange *exchange = &switcher->exchange;
	char text[REPORT_SIZE];

	if (err)
		snprintf(text, sizeof(text),
			 "threshold: policies stay as they are: %s",
			 exchange->failure.text);
	else
		snprintf(text, sizeof(text), "threshold: now%s%s%s%s%s",
			 exchange->alloc ? " alloc " : "",
			 exchange->alloc ? exchange->alloc->name : "",
			 exchange->alloc && exchange->evict ? "," : "",
			 exchange->evict ? " evict " : "",
			 exchange->evict ? exchange->evict->name : "");
	switcher->report(text);
}

static bool on_done(void *ctx)
{
	struct usm_threshold_switcher *switcher = ctx;
	struct usm_reload *reload = switcher->reload;
	int err = switcher->exchange.result;
	eventfd_t count;

	if (eventfd_read(switcher->done_fd, &count))
		return false;
	report(switcher, err);
	switcher->exchange.done = NULL;
	if (err) {
		/* Tried again when a threshold is crossed the next time. */
		switcher->refused++;
		usm_turn_end(switcher->turn);
		return false;
	}
	switcher->switches++;
	switcher->now = switcher->next;
	reload->elsewhere.alloc = switcher->now.alloc;
	reload->elsewhere.evict = switcher->now.evict;
	usm_turn_end(switcher->turn);
	/* It may have been crossed again meanwhile. */
	if (usm_turn_take(switcher->turn, begin, switcher))
		begin(switcher);
	return true;
}

int usm_threshold_switcher_open(struct usm_threshold_switcher *switcher,
				uint32_t frames)
{
	int err;

	switcher->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (switcher->done_fd < 0)
		return -errno;
	err = usm_threshold_watch_open(&switcher->watch,
				       switcher->policies.thresholds, frames);
	if (err)
		close(switcher->done_fd);
	return err;
}

void usm_threshold_switcher_sources(struct usm_threshold_switcher *switcher,
				    struct usm_control_source *source)
{
	source[0] = (struct usm_control_source){
		.fd = switcher->watch.fd,
		.ready = on_level,
		.ctx = switcher,
	};
	source[1] = (struct usm_control_source){
		.fd = switcher->done_fd,
		.ready = on_done,
		.ctx = switcher,
	};
}

void usm_threshold_switcher_close(struct usm_threshold_switcher *switcher)
{
	if (switcher->watch.thresholds) {
		usm_threshold_watch_close(&switcher->watch);
		close(switcher->done_fd);
	}
	usm_threshold_policies_close(&switcher->policies);
}
