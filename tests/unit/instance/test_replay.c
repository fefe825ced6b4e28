/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "fake_kernel.h"
#include "instance/policies/evict/registry.h"
#include "instance/policies/prefetch/registry.h"
#include "instance/replay/optimum.h"
#include "instance/replay/replay.h"
#include "instance/replay/simulate.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static struct usm_trace_run one_run = { .member = 1, .first = 16 };

static struct usm_trace trace_of(uint32_t *accesses, uint32_t nr,
				 uint32_t pages)
{
	one_run.pages = pages;
	return (struct usm_trace){
		.page_bytes = 4096,
		.members = 1,
		.nr_runs = 1,
		.nr_pages = pages,
		.nr_accesses = nr,
		.runs = &one_run,
		.accesses = accesses,
	};
}

static struct usm_outcome play(const struct usm_trace *trace, uint32_t frames,
			       const struct usm_evict_policy *policy,
			       uint32_t batch)
{
	struct usm_simulation simulation = {
		.trace = trace,
		.policy = policy,
		.frames = frames,
		.batch = batch,
	};
	struct usm_outcome outcome;

	cr_assert_eq(usm_simulate(&simulation, &outcome, NULL), 0);
	return outcome;
}

/* The textbook's: with more memory fifo has more faults. */
static uint32_t anomaly[] = { 1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5 };

Test(simulate, fifo_has_beladys_anomaly)
{
	struct usm_trace trace = trace_of(anomaly, COUNT(anomaly), 6);

	cr_assert_eq(play(&trace, 3, &usm_evict_fifo, 1).faults, 9);
	cr_assert_eq(play(&trace, 4, &usm_evict_fifo, 1).faults, 10);
	cr_assert_eq(play(&trace, 4, &usm_evict_fifo, 1).evictions, 6);
	cr_assert_eq(play(&trace, 5, &usm_evict_fifo, 1).faults, 5);
}

Test(optimum, is_the_textbooks)
{
	struct usm_trace trace = trace_of(anomaly, COUNT(anomaly), 6);
	uint64_t faults;

	cr_assert_eq(usm_optimum(&trace, 3, &faults), 0);
	cr_assert_eq(faults, 7);
	cr_assert_eq(usm_optimum(&trace, 4, &faults), 0);
	cr_assert_eq(faults, 6);
	cr_assert_eq(usm_optimum(&trace, 1, &faults), 0);
	cr_assert_eq(faults, 12);
}

/* Tries every victim there is: `held` is a mask of pages. */
static uint32_t fewest(const struct usm_trace *trace, uint32_t at,
		       uint32_t held, uint32_t frames)
{
	uint32_t best = UINT32_MAX, page, bit;

	if (at == trace->nr_accesses)
		return 0;
	bit = 1U << trace->accesses[at];
	if (held & bit)
		return fewest(trace, at + 1, held, frames);
	if ((uint32_t)__builtin_popcount(held) < frames)
		return 1 + fewest(trace, at + 1, held | bit, frames);
	for (page = 0; page < trace->nr_pages; page++) {
		uint32_t with;

		if (!(held & 1U << page))
			continue;
		with = 1 + fewest(trace, at + 1, (held & ~(1U << page)) | bit,
				  frames);
		if (with < best)
			best = with;
	}
	return best;
}

Test(optimum, is_what_trying_everything_finds)
{
	uint32_t accesses[14], round, i, frames;
	uint64_t seed = 17, faults;

	for (round = 0; round < 60; round++) {
		struct usm_trace trace = trace_of(accesses, COUNT(accesses), 6);

		for (i = 0; i < COUNT(accesses); i++)
			accesses[i] = (uint32_t)(fake_random(&seed) % 6);
		for (frames = 1; frames <= 4; frames++) {
			cr_assert_eq(usm_optimum(&trace, frames, &faults), 0);
			cr_assert_eq(faults, fewest(&trace, 0, 0, frames));
		}
	}
}

/* A set in use all along, and now and then a scan over much more. */
static struct usm_trace scans(uint32_t *accesses, uint32_t nr)
{
	uint64_t seed = 23;
	uint32_t i, next = 100;

	for (i = 0; i < nr; i++) {
		if (i % 1000 < 300)
			accesses[i] = next = next < 999 ? next + 1 : 100;
		else
			accesses[i] = (uint32_t)(fake_random(&seed) % 80);
	}
	return trace_of(accesses, nr, 1000);
}

Test(simulate, queues_let_scans_pass)
{
	static uint32_t accesses[50000];
	struct usm_trace trace = scans(accesses, COUNT(accesses));
	uint64_t fifo = play(&trace, 120, &usm_evict_fifo, 1).faults, least;

	cr_assert_eq(usm_optimum(&trace, 120, &least), 0);
	/* A third of all accesses is the scan's, and faults whatever is done. */
	cr_assert_lt(play(&trace, 120, &usm_evict_s3_fifo, 1).faults,
		     least + least / 10);
	cr_assert_lt(play(&trace, 120, &usm_evict_sieve, 1).faults, fifo);
}

Test(simulate, is_the_same_each_time_and_never_below_the_optimum)
{
	static uint32_t accesses[20000];
	struct usm_trace trace = scans(accesses, COUNT(accesses));
	const struct usm_evict_policy *const *policy;
	uint32_t batch;
	uint64_t least;

	cr_assert_eq(usm_optimum(&trace, 200, &least), 0);
	for (policy = usm_evict_registry; *policy; policy++)
		for (batch = 1; batch <= USM_SIMULATE_BATCH_MAX; batch += 31) {
			struct usm_outcome outcome =
				play(&trace, 200, *policy, batch);

			cr_assert_geq(outcome.faults, least);
			cr_assert_eq(outcome.faults,
				     play(&trace, 200, *policy, batch).faults);
			cr_assert_eq(outcome.overruled, 0);
		}
}

/* Thrice over a thousand pages, one by one: nothing is kept, all is foreseen. */
Test(simulate, a_walk_is_foreseen)
{
	static uint32_t accesses[3000];
	struct usm_trace trace = trace_of(accesses, COUNT(accesses), 1000);
	struct usm_simulation simulation = {
		.trace = &trace,
		.policy = &usm_evict_fifo,
		.prefetch = &usm_prefetch_readahead,
		.frames = 100,
		.batch = 1,
	};
	struct usm_outcome outcome;
	uint32_t i;

	for (i = 0; i < COUNT(accesses); i++)
		accesses[i] = i % 1000;
	cr_assert_eq(usm_simulate(&simulation, &outcome, NULL), 0);
	cr_assert_eq(outcome.faults, 3000);
	cr_assert_eq(outcome.foresight.returns, 2000);
	cr_assert_leq(outcome.foresight.waits, 16, "while windows are small");
	cr_assert_eq(outcome.foresight.waits + outcome.foresight.used, 2000);
	cr_assert_eq(outcome.foresight.wasted, 0);
	/* What fits is never out. */
	simulation.prefetch = &usm_prefetch_stride;
	simulation.frames = 1000;
	cr_assert_eq(usm_simulate(&simulation, &outcome, NULL), 0);
	cr_assert_eq(outcome.foresight.returns, 0);
	cr_assert_eq(outcome.foresight.read, 0);
}

/* Runs far apart are mappings of their own, close ones are one. */
Test(simulate, says_where_mappings_end)
{
	static struct usm_trace_run runs[] = {
		{ .member = 1, .first = 1000, .pages = 2, .base = 0 },
		{ .member = 1, .first = 1100, .pages = 2, .base = 2 },
		{ .member = 1, .first = 9000, .pages = 2, .base = 4 },
		{ .member = 2, .first = 9002, .pages = 2, .base = 6 },
	};
	static const uint64_t ends[] = { 1102, 1102, 1102, 1102,
					 9002, 9002, 9004, 9004 };
	const struct usm_trace trace = {
		.page_bytes = 4096,
		.members = 2,
		.nr_runs = 4,
		.nr_pages = 8,
		.runs = runs,
	};
	uint32_t page;

	for (page = 0; page < 8; page++)
		cr_assert_eq(usm_foresight_fault_of(&trace, page).vma_end,
			     ends[page] << 12);
	cr_assert_eq(usm_foresight_fault_of(&trace, 2).vma_start, 1000 << 12);
	cr_assert_eq(usm_foresight_fault_of(&trace, 7).vma_start, 9002 << 12);
	cr_assert_eq(usm_foresight_fault_of(&trace, 7).member, 2);
	cr_assert_eq(usm_foresight_fault_of(&trace, 3).addr, 1101 << 12);
}

static char path[] = "/tmp/usm-replay-XXXXXX";

static void write_scans(uint32_t window)
{
	static uint32_t accesses[5000];
	struct usm_trace trace = scans(accesses, COUNT(accesses));
	usm_auto_fd fd = mkstemp(path);
	uint32_t i, nr = 1;

	for (i = 1; i < trace.nr_accesses; i++)
		if (accesses[i] != accesses[nr - 1])
			accesses[nr++] = accesses[i];
	trace.nr_accesses = nr;
	trace.window = window;
	cr_assert_geq(fd, 0);
	cr_assert_eq(usm_trace_write(&trace, path), 0);
}

/* What it prints; the caller frees it. */
static char *replay(struct usm_replay_options *options)
{
	struct usm_failure failure = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	options->path = path;
	options->batch = 1;
	cr_assert_not_null(out);
	cr_assert_eq(usm_replay(options, out, &failure), 0, "%s", failure.text);
	fclose(out);
	return text;
}

Test(replay, prints_a_table)
{
	struct usm_replay_options options = { 0 };
	usm_auto_free char *text = NULL;
	const struct usm_evict_policy *const *policy;

	write_scans(8);
	text = replay(&options);
	cr_assert_not_null(strstr(text, "\n100 frames (400K), 10 % of the"));
	cr_assert_not_null(strstr(text, "\n250 frames (1000K), 25 %"));
	cr_assert_not_null(strstr(text, "\n500 frames (2000K), 50 %"));
	cr_assert_not_null(strstr(text, "  optimum "));
	for (policy = usm_evict_registry; *policy; policy++)
		cr_assert_not_null(strstr(text, (*policy)->name));
	unlink(path);
}

Test(replay, prints_json)
{
	struct usm_replay_options options = {
		.evict = "lru",
		.memory_bytes = 512 << 10,
		.json = true,
	};
	usm_auto_free char *text = NULL;
	cJSON *root, *results, *row;

	write_scans(8);
	text = replay(&options);
	root = cJSON_Parse(text);
	results = cJSON_GetObjectItem(root, "results");
	cr_assert_eq(cJSON_GetArraySize(results), 2);
	row = cJSON_GetArrayItem(results, 1);
	cr_assert_str_eq(cJSON_GetObjectItem(row, "policy")->valuestring,
			 "lru");
	cr_assert_eq(cJSON_GetObjectItem(row, "frames")->valueint, 128);
	cr_assert_geq(
		cJSON_GetObjectItem(row, "faults")->valueint,
		cJSON_GetObjectItem(cJSON_GetArrayItem(results, 0), "faults")
			->valueint);
	cJSON_Delete(root);
	unlink(path);
}

Test(replay, prints_what_is_foreseen)
{
	struct usm_replay_options options = { .prefetch = "all" };
	const struct usm_prefetch_policy *const *prefetch;
	usm_auto_free char *table = NULL, *text = NULL;
	cJSON *root, *row;

	write_scans(8);
	table = replay(&options);
	cr_assert_not_null(strstr(table, " returns "));
	for (prefetch = usm_prefetch_registry; *prefetch; prefetch++)
		cr_assert_not_null(strstr(table, (*prefetch)->name));
	options = (struct usm_replay_options){
		.evict = "lru",
		.prefetch = "readahead",
		.frames = 128,
		.json = true,
	};
	text = replay(&options);
	root = cJSON_Parse(text);
	row = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "results"), 1);
	row = cJSON_GetObjectItem(row, "prefetch");
	cr_assert_str_eq(cJSON_GetObjectItem(row, "policy")->valuestring,
			 "readahead");
	cr_assert_gt(cJSON_GetObjectItem(row, "used")->valueint, 0);
	cr_assert_eq(cJSON_GetObjectItem(row, "used")->valueint +
			     cJSON_GetObjectItem(row, "wasted")->valueint,
		     cJSON_GetObjectItem(row, "read")->valueint);
	cr_assert_eq(cJSON_GetObjectItem(row, "used")->valueint +
			     cJSON_GetObjectItem(row, "waits")->valueint,
		     cJSON_GetObjectItem(row, "returns")->valueint);
	cJSON_Delete(root);
	unlink(path);
}

static void refused(const struct usm_replay_options *options,
		    const char *reason)
{
	struct usm_failure failure = { 0 };

	cr_assert_lt(usm_replay(options, stdout, &failure), 0);
	cr_assert_eq(failure.exit, USM_EXIT_USAGE);
	cr_assert_not_null(strstr(failure.text, reason), "%s", failure.text);
}

Test(replay, refuses_what_makes_no_sense)
{
	struct usm_replay_options options = {
		.path = path,
		.policy_dir = "/nonexistent",
		.frames = 8,
		.batch = 1,
	};

	write_scans(8);
	refused(&options, "a memory of 8 frames is too small");
	options.frames = 0;
	options.evict = "lottery";
	refused(&options, "\"lottery\" is not built in");
	options.evict = "../lottery";
	refused(&options, "is not [a-z0-9-]+");
	options.evict = NULL;
	options.frames = 100;
	options.prefetch = "lottery";
	refused(&options, "--prefetch: \"lottery\" is not built in");
	options.prefetch = "../lottery";
	refused(&options, "is not [a-z0-9-]+");
	options.prefetch = NULL;
	unlink(path);
	refused(&options, "No such file");
}
