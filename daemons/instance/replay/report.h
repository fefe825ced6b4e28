/* SPDX-License-Identifier: MIT */
/*
 * report.h - what came out of a replay, for people and for programs.
 */
#ifndef USM_INSTANCE_REPLAY_REPORT_H
#define USM_INSTANCE_REPLAY_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "instance/replay/simulate.h"

struct usm_replay_row {
	uint32_t frames;
	const char *policy; /* NULL: the optimum, which takes no time */
	const char *prefetch; /* NULL: none */
	struct usm_outcome outcome;
};

struct usm_replay_report {
	const char *path;
	const struct usm_trace *trace;
	uint32_t batch;
	uint32_t nr_rows;
	struct usm_replay_row *rows; /* by frames, the optimum first */
};

/* A table.  Errors show as ferror(). */
void usm_replay_table(const struct usm_replay_report *report, FILE *out);

/* An object.  ENOMEM. */
int usm_replay_json(const struct usm_replay_report *report, FILE *out);

#endif /* USM_INSTANCE_REPLAY_REPORT_H */
