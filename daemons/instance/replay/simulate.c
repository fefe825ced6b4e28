/* SPDX-License-Identifier: MIT */
#include "instance/replay/simulate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/evict/choose.h"
#include "instance/policies/evict/checked.h"
#include "instance/worker/backoff.h"

#define NONE UINT32_MAX

struct memory {
	const struct usm_trace *trace;
	struct usm_checked_evict *policy;
	struct usm_foresight *foresight; /* NULL: nothing is read ahead */
	uint32_t *frame_of; /* [nr_pages], or NONE */
	uint32_t *page_of; /* [frames] */
	uint8_t *accessed; /* [frames] */
	uint32_t *free; /* [frames], a stack */
	uint32_t nr_free;
	uint32_t *took_ns; /* [nr_accesses], of each decision */
	uint32_t decisions;
	struct usm_outcome outcome;
};

static void memory_fini(struct memory *memory)
{
	usm_checked_evict_destroy(memory->policy);
	usm_foresight_destroy(memory->foresight);
	free(memory->frame_of);
	free(memory->page_of);
	free(memory->accessed);
	free(memory->free);
	free(memory->took_ns);
}

static int memory_init(struct memory *memory,
		       const struct usm_simulation *simulation,
		       struct usm_archive *archive, struct usm_failure *failure)
{
	const struct usm_trace *trace = simulation->trace;
	uint32_t frames = simulation->frames, i;
	int err = 0;

	memory->trace = trace;
	memory->frame_of = malloc(trace->nr_pages * sizeof(uint32_t));
	memory->page_of = calloc(frames, sizeof(uint32_t));
	memory->accessed = calloc(frames, 1);
	memory->free = calloc(frames, sizeof(uint32_t));
	memory->took_ns = calloc(trace->nr_accesses, sizeof(uint32_t));
	if (!memory->frame_of || !memory->page_of || !memory->accessed ||
	    !memory->free || !memory->took_ns)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	for (i = 0; i < trace->nr_pages; i++)
		memory->frame_of[i] = NONE;
	for (i = 0; i < frames; i++)
		memory->free[i] = frames - 1 - i;
	memory->nr_free = frames;
	if (simulation->prefetch)
		err = usm_foresight_create(trace, simulation->prefetch, archive,
					   &memory->foresight, failure);
	return err ? err
		   : usm_checked_evict_create(simulation->policy, NULL, frames,
					      &memory->policy, failure);
}

static void look(void *ctx, const uint32_t *frames, uint32_t nr)
{
	struct memory *memory = ctx;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		if (!memory->accessed[frames[i]])
			continue;
		memory->accessed[frames[i]] = 0;
		usm_checked_evict_accessed(memory->policy, frames[i]);
	}
}

static void evict(struct memory *memory, uint32_t batch)
{
	uint32_t victims[USM_SIMULATE_BATCH_MAX], nr, i;
	uint64_t start = usm_now_ns(), took;

	nr = usm_choose(memory->policy, look, memory, victims, batch);
	took = usm_now_ns() - start;
	memory->took_ns[memory->decisions++] =
		took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
	for (i = 0; i < nr; i++) {
		uint32_t page = memory->page_of[victims[i]];

		memory->frame_of[page] = NONE;
		if (memory->foresight)
			usm_foresight_evicted(memory->foresight, page);
		memory->free[memory->nr_free++] = victims[i];
	}
	memory->outcome.evictions += nr;
}

static void fault(struct memory *memory, uint32_t page, uint32_t batch)
{
	uint32_t frame;

	memory->outcome.faults++;
	if (!memory->nr_free)
		evict(memory, batch);
	frame = memory->free[--memory->nr_free];
	memory->frame_of[page] = frame;
	memory->page_of[frame] = page;
	usm_checked_evict_placed(memory->policy, frame,
				 usm_trace_page_id(memory->trace, page));
	if (memory->foresight)
		usm_foresight_fault(memory->foresight, page);
}

static int compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t median(uint32_t *values, uint32_t nr)
{
	if (!nr)
		return 0;
	qsort(values, nr, sizeof(*values), compare);
	return values[nr / 2];
}

static uint64_t overruled(const struct usm_checked_evict *policy)
{
	struct usm_policy_stat stat = { 0 };

	/* The first of its counters, and always there. */
	usm_checked_evict_stats(policy, &stat, 1);
	return stat.value;
}

static int play(const struct usm_simulation *simulation,
		struct usm_archive *archive, struct usm_outcome *out,
		struct usm_failure *failure)
{
	const struct usm_trace *trace = simulation->trace;
	struct memory memory = { 0 };
	int err = memory_init(&memory, simulation, archive, failure);
	uint32_t i;

	for (i = 0; !err && i < trace->nr_accesses; i++) {
		uint32_t page = trace->accesses[i];

		if (memory.frame_of[page] == NONE)
			fault(&memory, page, simulation->batch);
		memory.accessed[memory.frame_of[page]] = 1;
	}
	if (!err) {
		memory.outcome.overruled = overruled(memory.policy);
		memory.outcome.decision_ns =
			median(memory.took_ns, memory.decisions);
		if (memory.foresight)
			usm_foresight_outcome(memory.foresight,
					      &memory.outcome.foresight);
		*out = memory.outcome;
	}
	memory_fini(&memory);
	return err;
}

/* A run to learn from, and the one that counts. */
static int play_again(const struct usm_simulation *simulation,
		      struct usm_outcome *out, struct usm_failure *failure)
{
	struct usm_archive *archive = NULL;
	struct usm_outcome first;
	int err = usm_archive_create(-1, &archive);

	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err, "prefetch: %s",
				strerror(-err));
	err = play(simulation, archive, &first, failure);
	if (!err)
		err = play(simulation, archive, out, failure);
	usm_archive_destroy(archive);
	return err;
}

int usm_simulate(const struct usm_simulation *simulation,
		 struct usm_outcome *out, struct usm_failure *failure)
{
	if (simulation->prefetch && simulation->prefetch->remember)
		return play_again(simulation, out, failure);
	return play(simulation, NULL, out, failure);
}
