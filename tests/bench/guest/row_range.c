/* SPDX-License-Identifier: MIT */
/* Frames that were granted to a range of addresses ahead of the faults. */
#include "bench/guest/expect.h"

#define PAGES 64
#define GROUP 16 /* pages that one fault maps: 64 KiB */
#define GROUP_ORDER 4

#define RUBBISH 0x5a

struct way {
	enum touch_region region;
	bool zeroed;
	bool large;
};

/* That large ones are compound pages, touch_as_expected() saw to. */
static enum verdict served(struct bench *bench,
			   const struct policy_counters *before)
{
	const uint64_t around = PAGES - PAGES / GROUP;
	struct policy_counters after;

	if (policy_count(&bench->policy, &after))
		return invalid(bench, "no counters");
	if (after.range - before->range != PAGES / GROUP ||
	    after.around - before->around != around ||
	    after.upcalls != before->upcalls ||
	    after.fallbacks != before->fallbacks)
		return invalid(
			bench,
			"%llu faults in the range, %llu pages beside, %llu upcalls, %llu fallbacks",
			(unsigned long long)(after.range - before->range),
			(unsigned long long)(after.around - before->around),
			(unsigned long long)(after.upcalls - before->upcalls),
			(unsigned long long)(after.fallbacks -
					     before->fallbacks));
	return VALID;
}

static int grant(struct bench *bench, const struct way *way, uint32_t first)
{
	struct usm_grant_entry entry = {
		.addr = toucher_base(&bench->member, way->region),
		.member = bench->member_id,
		.first = first,
		.frames = PAGES,
		.around = way->large ? 0 : GROUP - 1,
		.order = way->large ? GROUP_ORDER : 0,
		.flags = way->zeroed ? USM_GRANT_ZEROED : 0,
	};

	return policy_grant(&bench->policy, &entry);
}

static enum verdict range(struct bench *bench, const struct way *way,
			  double *value)
{
	const struct expectation want = {
		.toucher = &bench->member,
		.region = way->region,
		.pages = PAGES,
		.faults = PAGES / GROUP,
		.run = GROUP,
		.place = PLACE_PARTITION,
		.large = way->large,
	};
	struct policy_counters before;
	enum verdict verdict, reset;
	uint32_t first;
	int err = policy_take(&bench->policy, PAGES, &first);

	if (err)
		return invalid(bench, "no frames (%d)", err);
	policy_fill(&bench->policy, first, PAGES, way->zeroed ? 0 : RUBBISH);
	err = policy_count(&bench->policy, &before);
	if (!err)
		err = grant(bench, way, first);
	if (err) {
		policy_give_back(&bench->policy, first, PAGES);
		return invalid(bench, "the range cannot be granted (%d)", err);
	}
	verdict = touch_as_expected(bench, &want, value);
	if (verdict == VALID)
		verdict = served(bench, &before);
	reset = reset_member(bench, way->region);
	return verdict == VALID ? reset : verdict;
}

enum verdict row_around(struct bench *bench, double *value)
{
	const struct way way = { .region = REGION_SMALL };

	return range(bench, &way, value);
}

enum verdict row_around_zeroed(struct bench *bench, double *value)
{
	const struct way way = { .region = REGION_SMALL, .zeroed = true };

	return range(bench, &way, value);
}

enum verdict row_large(struct bench *bench, double *value)
{
	const struct way way = { .region = REGION_LARGE, .large = true };

	return range(bench, &way, value);
}
