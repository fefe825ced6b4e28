/* SPDX-License-Identifier: MIT */
/* Every fault is put to the policy. */
#include "bench/guest/expect.h"

#define POLLING_PAGES 64
#define ASLEEP_PAGES 64

/* One part in so many may have gone another way before a sample is no good. */
#define STRAYS 16

struct seen {
	unsigned long long upcalls, fallbacks, wakes, woken;
};

static enum verdict touch(struct bench *bench, uint32_t pages, double *value,
			  struct seen *seen)
{
	const struct expectation want = {
		.toucher = &bench->member,
		.region = REGION_SMALL,
		.pages = pages,
		.faults = pages,
		.run = 1,
		.place = PLACE_PARTITION,
	};
	struct policy_counters before, after;
	enum verdict verdict;

	if (policy_count(&bench->policy, &before))
		return invalid(bench, "no counters");
	verdict = touch_as_expected(bench, &want, value);
	if (verdict != VALID)
		return verdict;
	if (policy_count(&bench->policy, &after))
		return invalid(bench, "no counters");
	*seen = (struct seen){
		.upcalls = after.upcalls - before.upcalls,
		.fallbacks = after.fallbacks - before.fallbacks,
		.wakes = after.wakes - before.wakes,
		.woken = after.woken - before.woken,
	};
	if (seen->upcalls != pages || seen->fallbacks)
		return invalid(bench,
			       "%llu upcalls for %u pages, %llu fallbacks",
			       seen->upcalls, pages, seen->fallbacks);
	return VALID;
}

enum verdict row_upcall_polling(struct bench *bench, double *value)
{
	enum verdict verdict, reset;
	struct seen seen;

	policy_set_mode(&bench->policy, WORKER_POLLS);
	verdict = touch(bench, POLLING_PAGES, value, &seen);
	policy_set_mode(&bench->policy, WORKER_SLEEPS);
	if (verdict == VALID && seen.wakes)
		verdict = invalid(bench, "the worker was woken %llu times",
				  seen.wakes);
	if (verdict == VALID && seen.woken > POLLING_PAGES / STRAYS)
		verdict = spoiled(bench, "%llu faults of %u slept", seen.woken,
				  POLLING_PAGES);
	reset = reset_member(bench, REGION_SMALL);
	return verdict == VALID ? reset : verdict;
}

enum verdict row_upcall_asleep(struct bench *bench, double *value)
{
	enum verdict verdict, reset;
	unsigned long long slept;
	struct seen seen = { 0 };

	verdict = touch(bench, ASLEEP_PAGES, value, &seen);
	/*
	 * On a single processor the woken fault goes on before the worker gets
	 * to sleep: it waits its turn, but not on its doorbell.
	 */
	slept = bench->other_cpu == CPU_FAULTS ? seen.woken : seen.wakes;
	if (verdict == VALID && slept < ASLEEP_PAGES - ASLEEP_PAGES / STRAYS)
		verdict = spoiled(bench, "the worker slept %llu times of %u",
				  slept, ASLEEP_PAGES);
	reset = reset_member(bench, REGION_SMALL);
	return verdict == VALID ? reset : verdict;
}
