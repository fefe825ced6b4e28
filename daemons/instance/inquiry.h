/* SPDX-License-Identifier: MIT */
/*
 * inquiry.h - SIGUSR1: what policies and swap device have counted is printed,
 * and how deep the workees' stacks were used.
 */
#ifndef USM_INSTANCE_INQUIRY_H
#define USM_INSTANCE_INQUIRY_H

#include <stdio.h>

#include "instance/control.h"
#include "instance/instance.h"
#include "instance/thresholds/switcher.h"
#include "instance/worker/survey.h"

struct usm_inquiry {
	struct usm_instance *instance; /* that serves; set before it runs */
	/* NULL: none; set before it runs, too. */
	const struct usm_threshold_switcher *thresholds;
	FILE *out;
	struct usm_survey survey;
	int signal_fd;
	int done_fd; /* the workers were asked */
	bool under_way;
};

/*
 * Makes SIGUSR1 readable, which must be blocked in every thread; answers go to
 * `out`.  -errno.
 */
int usm_inquiry_open(struct usm_inquiry *inquiry, FILE *out);

/* The two sources that bring this about; inquiry must outlive them. */
void usm_inquiry_sources(struct usm_inquiry *inquiry,
			 struct usm_control_source *source);

/* Closes it; the instance must be gone. */
void usm_inquiry_close(struct usm_inquiry *inquiry);

/* "FIELD NAME COUNTER=VALUE ..." and a newline; nothing without a name. */
void usm_inquiry_print(FILE *out, const char *field,
		       const struct usm_survey_policy *policy);

/* How many are reached, and how often policies changed for that. */
void usm_inquiry_print_thresholds(
	FILE *out, const struct usm_threshold_switcher *thresholds);

/* A line for each entry of "processes". */
void usm_inquiry_print_processes(FILE *out, const struct usm_survey *survey);

/* The most that any workee's stack held, in bytes, and what it is of. */
void usm_inquiry_print_stacks(FILE *out, size_t high_water);

#endif /* USM_INSTANCE_INQUIRY_H */
