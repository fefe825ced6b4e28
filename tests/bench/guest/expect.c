/* SPDX-License-Identifier: MIT */
#include "bench/guest/expect.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "lib/pagemap.h"
#include "lib/wait.h"

#define PAGE_BYTES 4096UL

/* Documentation/admin-guide/mm/pagemap.rst */
#define KPF_COMPOUND_HEAD (1ULL << 15)
#define KPF_COMPOUND_TAIL (1ULL << 16)

/* The module looks once more, by itself, within this time of a hint. */
#define SETTLE_MS 3

static enum place place_of(const struct policy *policy, uint64_t pfn)
{
	uint64_t first = policy->base_pfn + policy->first;

	if (pfn >= first && pfn < first + policy->frames)
		return PLACE_PARTITION;
	if (pfn >= policy->base_pfn &&
	    pfn < policy->base_pfn + policy->pool_frames)
		return PLACE_POOL;
	return PLACE_OUTSIDE;
}

static enum verdict check_places(struct bench *bench, const struct pages *pages,
				 const struct expectation *want)
{
	size_t i;

	if (pages->nr != want->pages)
		return invalid(bench, "%zu of %u pages are there", pages->nr,
			       want->pages);
	for (i = 0; i < pages->nr; i++) {
		uint64_t pfn = pages->at[i].pfn;

		if (place_of(&bench->policy, pfn) != want->place)
			return invalid(
				bench,
				"page %zu is not where it should be: pfn %#" PRIx64,
				i, pfn);
		if (i % want->run ? pfn != pages->at[i - 1].pfn + 1
				  : pfn % want->run != 0)
			return invalid(bench, "page %zu: no run of %u frames",
				       i, want->run);
	}
	return VALID;
}

/* One large page: a head, and nothing but tails behind it. */
static enum verdict check_large(struct bench *bench, const struct pages *pages,
				uint32_t run)
{
	usm_auto_fd fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t flags;
	size_t i;

	if (fd < 0)
		return invalid(bench, "no /proc/kpageflags");
	for (i = 0; i < pages->nr; i++) {
		uint64_t wanted =
			i % run ? KPF_COMPOUND_TAIL : KPF_COMPOUND_HEAD;

		if (pread(fd, &flags, sizeof(flags),
			  (off_t)(pages->at[i].pfn * sizeof(flags))) !=
		    sizeof(flags))
			return invalid(bench,
				       "/proc/kpageflags cannot be read");
		if (!(flags & wanted))
			return invalid(bench,
				       "page %zu is not part of a large page",
				       i);
	}
	return VALID;
}

static enum verdict check_pages(struct bench *bench,
				const struct expectation *want)
{
	uint64_t base = toucher_base(want->toucher, want->region);
	struct pages pages;
	enum verdict verdict;
	int err = pages_read_range(want->toucher->pid, base,
				   base + want->pages * PAGE_BYTES, &pages);

	if (err)
		return invalid(bench, "the page table cannot be read (%d)",
			       err);
	verdict = check_places(bench, &pages, want);
	if (verdict == VALID && want->large)
		verdict = check_large(bench, &pages, want->run);
	pages_free(&pages);
	return verdict;
}

enum verdict touch_as_expected(struct bench *bench,
			       const struct expectation *expectation,
			       double *value)
{
	struct touched touched;
	uint64_t wrong;

	toucher_touch(expectation->toucher, expectation->region,
		      expectation->pages, &touched);
	bench->touched += expectation->pages;
	wrong = toucher_wrong(expectation->toucher, expectation->region,
			      expectation->pages);
	if (wrong)
		return invalid(bench, "%" PRIu64 " pages hold rubbish", wrong);
	if (expectation->faults && touched.faults < expectation->faults)
		return invalid(bench, "%" PRIu64 " faults instead of %u",
			       touched.faults, expectation->faults);
	/* A page of the process itself, which somebody reclaimed or copied. */
	if (expectation->faults && touched.faults > expectation->faults)
		return spoiled(bench, "%" PRIu64 " faults instead of %u",
			       touched.faults, expectation->faults);
	*value = (double)touched.took / expectation->pages;
	return check_pages(bench, expectation);
}

enum verdict reset_member(struct bench *bench, enum touch_region region)
{
	int err;

	toucher_reset(&bench->member, region);
	err = policy_collect(&bench->policy);
	if (err)
		return invalid(bench, "frames do not come home (%d): %u of %u",
			       err, bench->policy.nr_free,
			       bench->policy.frames);
	pause_ms(SETTLE_MS);
	return VALID;
}
