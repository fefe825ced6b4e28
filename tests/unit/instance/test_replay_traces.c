/* SPDX-License-Identifier: MIT */
/*
 * The shipped traces under every policy: what is promised of them, and the
 * exact number of faults, so that a policy does not change unseen.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "instance/policies/evict/registry.h"
#include "instance/policies/prefetch/registry.h"
#include "instance/replay/optimum.h"
#include "instance/replay/simulate.h"

#define TRACES USM_SOURCE_DIR "/tests/replay/traces/"

/* Of each trace, size and policy the faults, as this test writes it. */
#define EXPECTED USM_SOURCE_DIR "/tests/replay/faults.txt"
#define FOUND USM_BINARY_DIR "/tests/replay/faults.txt"

/* And what prefetch policies foresee of them. */
#define EXPECTED_WAITS USM_SOURCE_DIR "/tests/replay/waits.txt"
#define FOUND_WAITS USM_BINARY_DIR "/tests/replay/waits.txt"

static const char *const names[] = { "redis", "gcc", "sqlite" };
static const uint32_t percents[] = { 10, 25, 50 };

#define NR_NAMES (sizeof(names) / sizeof(names[0]))
#define NR_PERCENTS (sizeof(percents) / sizeof(percents[0]))

static void read_trace(const char *name, struct usm_trace *trace)
{
	struct usm_failure failure = { 0 };
	char path[sizeof(TRACES) + 32];

	snprintf(path, sizeof(path), TRACES "%s.trace", name);
	cr_assert_eq(usm_trace_read(path, trace, &failure), 0, "%s",
		     failure.text);
}

static uint32_t part(const struct usm_trace *trace, uint32_t percent)
{
	return (uint32_t)((uint64_t)trace->nr_pages * percent / 100);
}

static struct usm_outcome play(const struct usm_trace *trace, uint32_t frames,
			       const struct usm_evict_policy *policy,
			       const struct usm_prefetch_policy *prefetch)
{
	struct usm_simulation simulation = {
		.trace = trace,
		.policy = policy,
		.prefetch = prefetch,
		.frames = frames,
		.batch = 1,
	};
	struct usm_failure failure = { 0 };
	struct usm_outcome outcome;

	cr_assert_eq(usm_simulate(&simulation, &outcome, &failure), 0, "%s",
		     failure.text);
	cr_assert_eq(outcome.overruled, 0);
	/* Frames are filled, then each fault takes one. */
	cr_assert_eq(outcome.evictions, outcome.faults - frames);
	return outcome;
}

static uint64_t faults(const struct usm_trace *trace, uint32_t frames,
		       const struct usm_evict_policy *policy)
{
	return play(trace, frames, policy, NULL).faults;
}

static uint64_t optimum(const struct usm_trace *trace, uint32_t frames)
{
	uint64_t faults;

	cr_assert_eq(usm_optimum(trace, frames, &faults), 0);
	return faults;
}

static void write_part(FILE *file, const char *name,
		       const struct usm_trace *trace, uint32_t percent)
{
	const struct usm_evict_policy *const *policy;
	uint32_t frames = part(trace, percent);
	uint64_t least = optimum(trace, frames);

	cr_assert_geq(least, trace->nr_pages);
	fprintf(file, "%s %u%% optimum %" PRIu64 "\n", name, percent, least);
	for (policy = usm_evict_registry; *policy; policy++) {
		uint64_t found = faults(trace, frames, *policy);

		cr_assert_geq(found, least, "%s: %s beats the optimum", name,
			      (*policy)->name);
		fprintf(file, "%s %u%% %s %" PRIu64 "\n", name, percent,
			(*policy)->name, found);
	}
}

static char *read_all(const char *path)
{
	usm_auto_file file = fopen(path, "re");
	char *text = calloc(1, 65536);

	cr_assert_not_null(file, "%s", path);
	cr_assert_not_null(text);
	cr_assert_lt(fread(text, 1, 65535, file), 65535);
	return text;
}

static void is_as_it_was(const char *expected_path, const char *found_path)
{
	usm_auto_free char *expected = read_all(expected_path);
	usm_auto_free char *found = read_all(found_path);

	cr_assert(!strcmp(expected, found),
		  "a policy decides otherwise than it did; if that is meant, "
		  "copy %s to %s",
		  found_path, expected_path);
}

Test(replay_traces, have_the_faults_they_had)
{
	FILE *file = fopen(FOUND, "we");
	size_t i, j;

	cr_assert_not_null(file, "%s", FOUND);
	for (i = 0; i < NR_NAMES; i++) {
		struct usm_trace trace;

		read_trace(names[i], &trace);
		for (j = 0; j < NR_PERCENTS; j++)
			write_part(file, names[i], &trace, percents[j]);
		usm_trace_fini(&trace);
	}
	cr_assert_eq(fclose(file), 0);
	is_as_it_was(EXPECTED, FOUND);
}

static void write_foreseen(FILE *file, const char *name,
			   const struct usm_trace *trace, uint32_t percent)
{
	const struct usm_prefetch_policy *const *prefetch;
	uint32_t frames = part(trace, percent);
	uint64_t without = faults(trace, frames, &usm_evict_s3_fifo);

	for (prefetch = usm_prefetch_registry; *prefetch; prefetch++) {
		struct usm_outcome outcome =
			play(trace, frames, &usm_evict_s3_fifo, *prefetch);
		const struct usm_foresight_outcome *foresight =
			&outcome.foresight;

		/* It says what is read when, not what is evicted. */
		cr_assert_eq(outcome.faults, without);
		cr_assert_eq(foresight->returns, without - trace->nr_pages);
		cr_assert_eq(foresight->overruled, 0);
		fprintf(file,
			"%s %u%% %s returns %" PRIu64 " read %" PRIu64
			" used %" PRIu64 " wasted %" PRIu64 " waits %" PRIu64
			"\n",
			name, percent, (*prefetch)->name, foresight->returns,
			foresight->read, foresight->used, foresight->wasted,
			foresight->waits);
	}
}

Test(replay_traces, have_the_waits_they_had)
{
	FILE *file = fopen(FOUND_WAITS, "we");
	size_t i, j;

	cr_assert_not_null(file, "%s", FOUND_WAITS);
	for (i = 0; i < NR_NAMES; i++) {
		struct usm_trace trace;

		read_trace(names[i], &trace);
		for (j = 0; j < NR_PERCENTS; j++)
			write_foreseen(file, names[i], &trace, percents[j]);
		usm_trace_fini(&trace);
	}
	cr_assert_eq(fclose(file), 0);
	is_as_it_was(EXPECTED_WAITS, FOUND_WAITS);
}

/* Reports over a whole table are what prefetch is for. */
Test(replay_traces, half_of_the_waits_of_sqlite_are_foreseen)
{
	struct usm_trace trace;
	size_t j;

	read_trace("sqlite", &trace);
	for (j = 0; j < NR_PERCENTS; j++) {
		struct usm_outcome outcome =
			play(&trace, part(&trace, percents[j]),
			     &usm_evict_s3_fifo, &usm_prefetch_stride);

		cr_assert_lt(outcome.foresight.waits * 2,
			     outcome.foresight.returns);
		cr_assert_lt(outcome.foresight.wasted * 10,
			     outcome.foresight.read);
	}
	usm_trace_fini(&trace);
}

/* Policies that look at what is used are to be worth their looks. */
Test(replay_traces, s3_fifo_and_sieve_beat_fifo_everywhere)
{
	size_t i, j;

	for (i = 0; i < NR_NAMES; i++) {
		struct usm_trace trace;

		read_trace(names[i], &trace);
		for (j = 0; j < NR_PERCENTS; j++) {
			uint32_t frames = part(&trace, percents[j]);
			uint64_t fifo = faults(&trace, frames, &usm_evict_fifo);

			cr_assert_lt(faults(&trace, frames, &usm_evict_s3_fifo),
				     fifo, "s3-fifo, %s", names[i]);
			cr_assert_lt(faults(&trace, frames, &usm_evict_sieve),
				     fifo, "sieve, %s", names[i]);
		}
		usm_trace_fini(&trace);
	}
}

/* An order by last use carries scans in; sqlite's reports are such. */
Test(replay_traces, lru_beats_fifo_where_memory_is_short)
{
	size_t i, j;

	for (i = 0; i < NR_NAMES; i++) {
		struct usm_trace trace;

		read_trace(names[i], &trace);
		for (j = 0; j < 2; j++) {
			uint32_t frames = part(&trace, percents[j]);

			cr_assert_lt(faults(&trace, frames, &usm_evict_lru),
				     faults(&trace, frames, &usm_evict_fifo),
				     "%s", names[i]);
		}
		usm_trace_fini(&trace);
	}
}
