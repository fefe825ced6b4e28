/* SPDX-License-Identifier: MIT */
/*
 * The guest's half of ./run bench; see sample.h for what it prints.
 *
 *   usm-bench-guest time|instructions MODULE SECONDS
 *   usm-bench-guest profile MODULE ROW     one row and nothing else, for
 *                                          profile/blocks.c
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/guest/bench.h"
#include "bench/guest/cpu.h"
#include "bench/guest/module.h"
#include "bench/guest/output.h"
#include "bench/guest/redis.h"
#include "bench/guest/untagged.h"
#include "lib/wait.h"

#define POOL "96M"
#define PARTITION_FRAMES 8192 /* 32 MiB: some 30 samples' worth */

/* Before anything counts: code translated, stacks and tables touched. */
#define WARM_UP_ROUNDS 3

/* One after the other they would tell no more than the first. */
#define PROFILE_ROUNDS 8

/* What the commands of redis take beside all the pages. */
#define REDIS_SHARE 3

/* A row is given up after so many samples that measured something else. */
#define INVALID_MAX 3

static const unsigned int untagged_cycles[MEASURES] = { 14, 3 };

static struct {
	const char *name;
	row_fn measure;
	unsigned int invalid;
} rows[] = {
	{ "magazine", row_magazine, 0 },
	{ "magazine-zeroed", row_magazine_zeroed, 0 },
	{ "around", row_around, 0 },
	{ "around-zeroed", row_around_zeroed, 0 },
	{ "large", row_large, 0 },
	{ "mthp", row_mthp, 0 },
	{ "upcall-polling", row_upcall_polling, 0 },
	{ "upcall-asleep", row_upcall_asleep, 0 },
	{ "upcall-instance", row_upcall_instance, 0 },
	{ "uffd-other", row_uffd_other, 0 },
	{ "uffd-same", row_uffd_same, 0 },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Ratios of two rows of the same round. */
static const struct {
	const char *name;
	const char *above;
	const char *below;
} pairs[] = {
	{ "large-to-mthp", "large", "mthp" },
	{ "asleep-to-uffd", "upcall-asleep", "uffd-other" },
};

static double value_of(const double *values, const char *name)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (!strcmp(rows[i].name, name))
			return values[i];
	return 0;
}

static void say_pairs(const double *values)
{
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		double above = value_of(values, pairs[i].above);
		double below = value_of(values, pairs[i].below);

		if (above > 0 && below > 0)
			output_value(pairs[i].name, above, below);
	}
}

/* 0 when the sample is of no use. */
static double measure_row(struct bench *bench, size_t row, bool counts)
{
	double value = 0;

	switch (rows[row].measure(bench, &value)) {
	case VALID:
		return value;
	case SPOILED:
		if (counts)
			output_spoiled(rows[row].name, bench->why);
		return 0;
	case INVALID:
		if (counts) {
			output_invalid(rows[row].name, bench->why);
			rows[row].invalid++;
		}
		return 0;
	}
	return 0;
}

static bool measure_kernel(struct bench *bench, double *value)
{
	enum verdict verdict;

	while ((verdict = row_kernel(bench, value)) == SPOILED)
		output_spoiled("kernel", bench->why);
	if (verdict == INVALID)
		output_invalid("kernel", bench->why);
	return verdict == VALID;
}

/* M is measured before and after every row, so that drift cancels out. */
static bool measure_round(struct bench *bench, bool counts)
{
	double values[ROWS] = { 0 }, before, after;
	size_t i;

	if (!measure_kernel(bench, &before))
		return false;
	for (i = 0; i < ROWS; i++) {
		if (rows[i].invalid >= INVALID_MAX ||
		    !catalogue_find(rows[i].name)->measured[bench->measure])
			continue;
		values[i] = measure_row(bench, i, counts);
		if (!measure_kernel(bench, &after))
			return false;
		if (counts && values[i] > 0)
			output_value(rows[i].name, values[i],
				     (before + after) / 2);
		if (counts)
			output_value("kernel", after, before);
		before = after;
	}
	if (counts)
		say_pairs(values);
	return true;
}

static void measure_rows(struct bench *bench, unsigned int seconds)
{
	uint64_t start = now_ms();
	unsigned int round, passed;

	for (round = 0;; round++) {
		passed = (unsigned int)((now_ms() - start) / 1000);
		if (passed >= seconds)
			break;
		output_progress("seconds of rounds", passed, seconds);
		if (!measure_round(bench, round >= WARM_UP_ROUNDS))
			break;
	}
}

/*
 * Nothing but the row is touched, so that what lies between the markers is its
 * own.  "no-module": the kernel's own fault without the module.
 */
static int profile(struct bench *bench, const char *name)
{
	row_fn measure = row_kernel;
	char pages[16];
	double value;
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (!strcmp(rows[i].name, name))
			measure = rows[i].measure;
	for (i = 0; i < PROFILE_ROUNDS; i++) {
		if (measure(bench, &value) == VALID)
			continue;
		fprintf(stderr, "usm-bench: %s: %s\n", name, bench->why);
		return 1;
	}
	snprintf(pages, sizeof(pages), "%llu",
		 (unsigned long long)bench->touched);
	output_info("pages", pages);
	return 0;
}

static int start_touchers(struct bench *bench)
{
	int err =
		toucher_start(&bench->plain, CPU_FAULTS, bench->measure, false);

	if (!err)
		err = toucher_start(&bench->member, CPU_FAULTS, bench->measure,
				    false);
	if (!err)
		err = toucher_start(&bench->tenant, CPU_FAULTS, bench->measure,
				    false);
	if (!err)
		err = toucher_start(&bench->handled, CPU_FAULTS, bench->measure,
				    true);
	return err;
}

static int load_and_bind(struct bench *bench, const char *module)
{
	int err = module_load(module, POOL);

	if (!err)
		err = policy_open(&bench->policy, PARTITION_FRAMES,
				  bench->other_cpu);
	if (!err)
		err = policy_bind(&bench->policy, bench->member.pid,
				  &bench->member_id);
	if (!err)
		err = row_instance_start(bench);
	return err;
}

static int failed(const char *what, int err)
{
	fprintf(stderr, "usm-bench: error: %s (%d: %s)\n", what, err,
		strerror(-err));
	return 1;
}

static int run(struct bench *bench, const char *module, const char *row,
	       unsigned int seconds)
{
	int err = cpu_pin(0, bench->other_cpu), code = 0;

	if (!err)
		err = start_touchers(bench);
	if (err)
		return failed("the touching processes do not start", err);
	err = mthp_enable();
	if (err)
		output_invalid("mthp", "this kernel has no such pages");
	if (row && !strcmp(row, "no-module"))
		return profile(bench, row);
	if (!row)
		untagged_run(bench, module, untagged_cycles[bench->measure]);
	err = cpu_pin(0, bench->other_cpu);
	if (!err)
		err = load_and_bind(bench, module);
	if (err)
		return failed("module, claim or bind", err);
	if (row)
		code = profile(bench, row);
	else
		measure_rows(bench, seconds);
	if (!row && bench->measure == MEASURE_TIME)
		redis_run(bench, seconds / REDIS_SHARE);
	toucher_end(&bench->member);
	toucher_end(&bench->handled);
	toucher_end(&bench->tenant);
	instance_stop(&bench->instance);
	toucher_end(&bench->plain);
	policy_close(&bench->policy);
	return code;
}

int main(int argc, char **argv)
{
	struct bench bench = { .other_cpu = cpu_count() - 1 };
	struct utsname uts;

	if (argc != 4) {
		fprintf(stderr,
			"usage: usm-bench-guest time|instructions MODULE SECONDS\n"
			"       usm-bench-guest profile MODULE ROW\n");
		return 2;
	}
	bench.measure =
		strcmp(argv[1], "time") ? MEASURE_INSTRUCTIONS : MEASURE_TIME;
	if (bench.measure == MEASURE_TIME && bench.other_cpu == CPU_FAULTS) {
		fprintf(stderr, "usm-bench: error: needs two processors\n");
		return 2;
	}
	if (!strcmp(argv[1], "profile"))
		return run(&bench, argv[2], argv[3], 0);
	uname(&uts);
	output_info("kernel", uts.release);
	return run(&bench, argv[2], NULL, (unsigned int)atoi(argv[3]));
}
