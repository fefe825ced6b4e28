/* SPDX-License-Identifier: MIT */
/* Frames that were pushed ahead of the faults. */
#include <errno.h>

#include "bench/guest/expect.h"

#define PAGES 64

/* What must not shine through in memory that the kernel is to zero. */
#define RUBBISH 0x5a

static enum verdict served(struct bench *bench,
			   const struct policy_counters *before)
{
	struct policy_counters after;

	if (policy_count(&bench->policy, &after))
		return invalid(bench, "no counters");
	if (after.magazine - before->magazine != PAGES ||
	    after.upcalls != before->upcalls ||
	    after.fallbacks != before->fallbacks)
		return invalid(
			bench,
			"%llu of %u from the magazine, %llu upcalls, %llu fallbacks",
			(unsigned long long)(after.magazine - before->magazine),
			PAGES,
			(unsigned long long)(after.upcalls - before->upcalls),
			(unsigned long long)(after.fallbacks -
					     before->fallbacks));
	return VALID;
}

static enum verdict magazine(struct bench *bench, bool zeroed, double *value)
{
	const struct expectation want = {
		.toucher = &bench->member,
		.region = REGION_SMALL,
		.pages = PAGES,
		.faults = PAGES,
		.run = 1,
		.place = PLACE_PARTITION,
	};
	struct policy_counters before;
	enum verdict verdict, reset;
	uint32_t first;
	int err = policy_take(&bench->policy, PAGES, &first);

	if (err)
		return invalid(bench, "no frames (%d)", err);
	policy_fill(&bench->policy, first, PAGES, zeroed ? 0 : RUBBISH);
	err = policy_count(&bench->policy, &before);
	if (!err)
		err = policy_push(&bench->policy, bench->member_id, first,
				  PAGES, zeroed ? USM_PUSH_ZEROED : 0);
	if (err) {
		policy_give_back(&bench->policy, first, PAGES);
		return invalid(bench, "frames cannot be pushed (%d)", err);
	}
	verdict = touch_as_expected(bench, &want, value);
	if (verdict == VALID)
		verdict = served(bench, &before);
	reset = reset_member(bench, REGION_SMALL);
	return verdict == VALID ? reset : verdict;
}

enum verdict row_magazine(struct bench *bench, double *value)
{
	return magazine(bench, false, value);
}

enum verdict row_magazine_zeroed(struct bench *bench, double *value)
{
	return magazine(bench, true, value);
}
