/* SPDX-License-Identifier: MIT */
#include "instance/replay/foresight.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame_size.h"
#include "instance/prefetch/prefetcher.h"
#include "instance/swap/map.h"

/* Counters asked of the prefetcher: all its own, and the first of the layer that
 * checks the policy, "overruled". */
#define STATS 16

struct usm_foresight {
	const struct usm_trace *trace;
	struct usm_swap_map *map;
	struct usm_roster *roster;
	struct usm_prefetcher *prefetcher;
	uint64_t *cookie; /* [nr_pages] of those that are out; else 0 */
	uint64_t returns;
	char frame[USM_FRAME_BYTES]; /* what any page is read into */
};

static int read_at_once(void *ctx, uint32_t slot, void *page, uint32_t token)
{
	struct usm_foresight *foresight = ctx;

	(void)slot;
	(void)page;
	usm_prefetcher_loaded(foresight->prefetcher, token, 0);
	return 0;
}

static bool no_wait(void *ctx)
{
	(void)ctx;
	return false;
}

static int get_memory(struct usm_foresight *foresight)
{
	const struct usm_trace *trace = foresight->trace;
	int err;

	foresight->cookie = calloc(trace->nr_pages, sizeof(uint64_t));
	if (!foresight->cookie)
		return -ENOMEM;
	err = usm_roster_create(&foresight->roster);
	if (err)
		return err;
	/* Slot 0 is nobody's. */
	err = usm_swap_map_create(trace->nr_pages + 1, &foresight->map);
	return err ? err
		   : usm_prefetcher_create(foresight->map,
					   &foresight->prefetcher);
}

/* Its members are to the next run of the trace what they are to this one. */
static void tell_members(const struct usm_foresight *foresight)
{
	char program[USM_PROGRAM_SIZE];
	uint32_t member;

	for (member = 1; member <= foresight->trace->members; member++) {
		snprintf(program, sizeof(program), "%" PRIu32, member);
		usm_roster_add(foresight->roster, member, member, program);
		usm_prefetcher_member_new(foresight->prefetcher,
					  &(struct usm_process){
						  .member = member,
						  .tgid = member,
					  });
	}
}

int usm_foresight_create(const struct usm_trace *trace,
			 const struct usm_prefetch_policy *policy,
			 struct usm_archive *archive,
			 struct usm_foresight **out,
			 struct usm_failure *failure)
{
	struct usm_foresight *foresight = calloc(1, sizeof(*foresight));
	const struct usm_prefetcher_io io = {
		.ctx = foresight,
		.begin = read_at_once,
		.join = no_wait,
	};
	struct usm_checked_prefetch *checked = NULL;
	int err;

	if (!foresight)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	foresight->trace = trace;
	err = get_memory(foresight);
	if (err)
		usm_fail(failure, USM_EXIT_FAILED, -err, "prefetch: %s",
			 strerror(-err));
	else
		err = usm_prefetcher_prepare(foresight->prefetcher, policy,
					     NULL, &checked, failure);
	if (err) {
		usm_foresight_destroy(foresight);
		return err;
	}
	if (archive)
		usm_prefetcher_remember_in(foresight->prefetcher,
					   foresight->roster, archive);
	usm_prefetcher_read_by(foresight->prefetcher, &io);
	usm_prefetcher_adopt(foresight->prefetcher, checked);
	tell_members(foresight);
	*out = foresight;
	return 0;
}

void usm_foresight_destroy(struct usm_foresight *foresight)
{
	if (!foresight)
		return;
	usm_prefetcher_destroy(foresight->prefetcher);
	usm_roster_destroy(foresight->roster);
	usm_swap_map_destroy(foresight->map);
	free(foresight->cookie);
	free(foresight);
}

static bool is_one_mapping(const struct usm_trace_run *run,
			   const struct usm_trace_run *next)
{
	return run->member == next->member &&
	       next->first - (run->first + run->pages) < USM_FORESIGHT_GAP;
}

/* Runs are in order of their first pages. */
static const struct usm_trace_run *run_of(const struct usm_trace *trace,
					  uint32_t page)
{
	uint32_t low = 0, high = trace->nr_runs;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (trace->runs[middle].base <= page)
			low = middle;
		else
			high = middle;
	}
	return &trace->runs[low];
}

struct usm_fault usm_foresight_fault_of(const struct usm_trace *trace,
					uint32_t page)
{
	const struct usm_trace_run *run = run_of(trace, page);
	const struct usm_trace_run *end = trace->runs + trace->nr_runs;
	const struct usm_trace_run *first = run, *last = run;

	while (first > trace->runs && is_one_mapping(first - 1, first))
		first--;
	while (last + 1 < end && is_one_mapping(last, last + 1))
		last++;
	return (struct usm_fault){
		.addr = (run->first + page - run->base) << USM_FRAME_SHIFT,
		.vma_start = first->first << USM_FRAME_SHIFT,
		.vma_end = (last->first + last->pages) << USM_FRAME_SHIFT,
		.member = run->member,
		.tgid = run->member,
		.tid = run->member,
		.kind = USM_FAULT_ANON,
	};
}

void usm_foresight_evicted(struct usm_foresight *foresight, uint32_t page)
{
	struct usm_fault fault = usm_foresight_fault_of(foresight->trace, page);

	foresight->cookie[page] = usm_swap_map_take(foresight->map);
	usm_prefetcher_stored(foresight->prefetcher, foresight->cookie[page],
			      fault.member, fault.addr);
}

/* In the order of the daemon: the page first, then what comes next. */
void usm_foresight_fault(struct usm_foresight *foresight, uint32_t page)
{
	struct usm_fault fault = usm_foresight_fault_of(foresight->trace, page);

	fault.cookie = foresight->cookie[page];
	if (fault.cookie) {
		fault.kind = USM_FAULT_SWAPIN;
		foresight->returns++;
		usm_prefetcher_fill(foresight->prefetcher, fault.cookie,
				    foresight->frame);
		usm_swap_map_give(foresight->map, fault.cookie);
		foresight->cookie[page] = 0;
	}
	usm_prefetcher_fault(foresight->prefetcher, &fault);
	usm_prefetcher_work(foresight->prefetcher);
}

static uint64_t value_of(const struct usm_policy_stat *stats, uint32_t nr,
			 const char *name)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(stats[i].name, name))
			return stats[i].value;
	return 0;
}

void usm_foresight_outcome(const struct usm_foresight *foresight,
			   struct usm_foresight_outcome *out)
{
	struct usm_policy_stat stats[STATS];
	uint32_t nr = usm_prefetcher_stats(foresight->prefetcher, stats, STATS);

	*out = (struct usm_foresight_outcome){
		.returns = foresight->returns,
		.read = value_of(stats, nr, "read"),
		.used = value_of(stats, nr, "used"),
		.overruled = value_of(stats, nr, "overruled"),
	};
	out->wasted = out->read - out->used;
	out->waits = out->returns - out->used;
}
