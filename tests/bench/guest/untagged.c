/* SPDX-License-Identifier: MIT */
#include "bench/guest/untagged.h"

#include <stdio.h>

#include "bench/guest/cpu.h"
#include "bench/guest/module.h"
#include "bench/guest/output.h"
#include "bench/stats.h"

/* Each side of a cycle is the median of so many touches. */
#define TOUCHES 25
#define PAGES 64

/* Small: reserving it is most of the time that loading takes. */
#define POOL "16M"

static int median_touch(struct bench *bench, double *out)
{
	double values[TOUCHES];
	struct touched touched;
	struct spread spread;
	size_t i;
	int err;

	for (i = 0; i < TOUCHES; i++) {
		toucher_touch(&bench->plain, REGION_SMALL, PAGES, &touched);
		toucher_reset(&bench->plain, REGION_SMALL);
		values[i] = (double)touched.took / PAGES;
	}
	err = spread_of(values, TOUCHES, &spread);
	if (!err)
		*out = spread.median;
	return err;
}

/* Without the module, with it, without it again: drift cancels out. */
static void cycle(struct bench *bench, const char *module)
{
	double before = 0, with = 0, after = 0;
	int err = median_touch(bench, &before);

	if (!err)
		err = module_load(module, POOL);
	if (!err) {
		err = median_touch(bench, &with);
		if (module_unload()) {
			output_invalid("untagged", "the module stays");
			return;
		}
	}
	if (!err)
		err = median_touch(bench, &after);
	if (err)
		output_invalid("untagged", "a cycle failed");
	else
		output_value("untagged", with, (before + after) / 2);
}

void untagged_run(struct bench *bench, const char *module, unsigned int cycles)
{
	bool two = bench->other_cpu != CPU_FAULTS;
	unsigned int i;

	/*
	 * Old emulators run stale code when one processor patches what
	 * another executes, and loading patches functions that all call.
	 */
	if (two && cpu_set_online(bench->other_cpu, false)) {
		output_invalid("untagged", "a processor does not go off line");
		return;
	}
	for (i = 0; i < cycles; i++) {
		output_progress("untagged", i, cycles);
		cycle(bench, module);
	}
	if (two)
		cpu_set_online(bench->other_cpu, true);
}
