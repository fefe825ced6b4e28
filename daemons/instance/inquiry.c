/* SPDX-License-Identifier: MIT */
#include "instance/inquiry.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "instance/signals.h"
#include "instance/workee/stacks.h"

void usm_inquiry_print(FILE *out, const char *field,
		       const struct usm_survey_policy *policy)
{
	uint32_t i;

	if (!*policy->name)
		return;
	fprintf(out, "%s %s", field, policy->name);
	for (i = 0; i < policy->nr; i++)
		fprintf(out, " %s=%" PRIu64, policy->stat[i].name,
			policy->stat[i].value);
	fputc('\n', out);
	fflush(out);
}

void usm_inquiry_print_processes(FILE *out, const struct usm_survey *survey)
{
	char field[sizeof("processes[]") + 10];
	unsigned int i;

	for (i = 0; i < survey->nr_processes; i++) {
		snprintf(field, sizeof(field), "processes[%u]", i);
		usm_inquiry_print(out, field, &survey->processes[i]);
	}
}

void usm_inquiry_print_thresholds(
	FILE *out, const struct usm_threshold_switcher *thresholds)
{
	fprintf(out,
		"thresholds reached=%u of=%u switches=%" PRIu64
		" refused=%" PRIu64 "\n",
		usm_threshold_watch_level(&thresholds->watch),
		thresholds->policies.thresholds->nr, thresholds->switches,
		thresholds->refused);
	fflush(out);
}

void usm_inquiry_print_stacks(FILE *out, size_t high_water)
{
	fprintf(out, "workees stacks high_water=%zu of=%u\n", high_water,
		USM_STACK_BYTES);
	fflush(out);
}

static bool on_signal(void *ctx)
{
	struct usm_inquiry *inquiry = ctx;

	/* Who asks twice in a row gets one answer. */
	if (usm_signals_take(inquiry->signal_fd) && !inquiry->under_way) {
		inquiry->under_way = true;
		usm_instance_survey(inquiry->instance, &inquiry->survey);
	}
	return false;
}

static bool on_done(void *ctx)
{
	struct usm_inquiry *inquiry = ctx;
	eventfd_t count;

	if (eventfd_read(inquiry->done_fd, &count))
		return false;
	inquiry->under_way = false;
	usm_inquiry_print(inquiry->out, "policy.alloc", &inquiry->survey.alloc);
	usm_inquiry_print(inquiry->out, "ahead", &inquiry->survey.given);
	usm_inquiry_print(inquiry->out, "policy.evict", &inquiry->survey.evict);
	usm_inquiry_print(inquiry->out, "policy.prefetch",
			  &inquiry->survey.prefetch);
	usm_inquiry_print_processes(inquiry->out, &inquiry->survey);
	usm_inquiry_print(inquiry->out, "policy.oom", &inquiry->survey.oom);
	if (inquiry->thresholds)
		usm_inquiry_print_thresholds(inquiry->out, inquiry->thresholds);
	usm_inquiry_print(inquiry->out, "swap", &inquiry->survey.device);
	/* Not by the workers: it reads their stacks, which takes its time. */
	usm_inquiry_print_stacks(inquiry->out,
				 usm_instance_high_water(inquiry->instance));
	return false;
}

static void tell_done(void *ctx)
{
	const struct usm_inquiry *inquiry = ctx;

	eventfd_write(inquiry->done_fd, 1);
}

int usm_inquiry_open(struct usm_inquiry *inquiry, FILE *out)
{
	static const int signals[] = { SIGUSR1, 0 };
	int err;

	*inquiry = (struct usm_inquiry){
		.out = out,
		.survey = { .done = tell_done, .done_ctx = inquiry },
	};
	inquiry->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (inquiry->done_fd < 0)
		return -errno;
	err = usm_signals_open(signals, &inquiry->signal_fd);
	if (err)
		close(inquiry->done_fd);
	return err;
}

void usm_inquiry_sources(struct usm_inquiry *inquiry,
			 struct usm_control_source *source)
{
	source[0] = (struct usm_control_source){
		.fd = inquiry->signal_fd,
		.ready = on_signal,
		.ctx = inquiry,
	};
	source[1] = (struct usm_control_source){
		.fd = inquiry->done_fd,
		.ready = on_done,
		.ctx = inquiry,
	};
}

void usm_inquiry_close(struct usm_inquiry *inquiry)
{
	close(inquiry->signal_fd);
	close(inquiry->done_fd);
}
