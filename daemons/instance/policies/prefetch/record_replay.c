/* SPDX-License-Identifier: MIT */
/*
 * record-replay: the pages that the last process of the program needed next.
 *
 * Of each process the order is recorded in which its evicted pages come back;
 * when it ends, that is remembered for its program (by name), and what the next
 * process of that name needs is looked up there (follow.h).  First touches are
 * not recorded: what was never touched is not out, so there is nothing to read
 * ahead.  Idea of recording at one start and reading ahead at the next: D.
 * Ustiugov et al., "Benchmarking, analysis, and optimization of serverless
 * function snapshots" (ASPLOS 2021).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/policies/prefetch/depth.h"
#include "instance/policies/prefetch/follow.h"
#include "instance/policies/prefetch/mappings.h"
#include "instance/policies/prefetch/order.h"
#include "instance/policies/prefetch/registry.h"

/* Processes at once; about 250 KiB for each.  Others are neither recorded nor
 * foretold. */
#define PROCESSES 32

struct process {
	uint32_t member;
	struct usm_follow *follow; /* NULL: nothing is known of its program */
	struct usm_mappings mappings;
	struct usm_order order; /* .nr_mappings and .bytes are filled at last */
};

struct record_replay {
	uint32_t max; /* pages ahead */
	uint32_t last; /* the process that was asked for last */
	uint64_t recorded, recalled, refused, asked;
	struct process *process[PROCESSES];
};

static int record_init(void **ctx)
{
	struct record_replay *replay = calloc(1, sizeof(*replay));

	if (!replay)
		return -ENOMEM;
	replay->max = USM_PREFETCH_WANTS_MAX;
	*ctx = replay;
	return 0;
}

static void end(struct process **process)
{
	if (!*process)
		return;
	usm_follow_destroy((*process)->follow);
	free(*process);
	*process = NULL;
}

static void record_fini(void *ctx)
{
	struct record_replay *replay = ctx;
	uint32_t i;

	for (i = 0; replay && i < PROCESSES; i++)
		end(&replay->process[i]);
	free(replay);
}

static struct process **find(struct record_replay *replay, uint32_t member)
{
	uint32_t i;

	if (replay->process[replay->last] &&
	    replay->process[replay->last]->member == member)
		return &replay->process[replay->last];
	for (i = 0; i < PROCESSES; i++)
		if (replay->process[i] &&
		    replay->process[i]->member == member) {
			replay->last = i;
			return &replay->process[i];
		}
	return NULL;
}

static void record_process_new(void *ctx, const struct usm_process *told)
{
	struct record_replay *replay = ctx;
	uint32_t i;

	if (find(replay, told->member))
		return;
	for (i = 0; i < PROCESSES; i++) {
		if (replay->process[i])
			continue;
		replay->process[i] = calloc(1, sizeof(struct process));
		if (replay->process[i])
			replay->process[i]->member = told->member;
		return;
	}
}

static void record_process_exit(void *ctx, uint32_t member)
{
	struct process **process = find(ctx, member);

	if (process)
		end(process);
}

static uint32_t record_remember(void *ctx, uint32_t member, void *data,
				uint32_t room)
{
	struct process **found = find(ctx, member);
	struct usm_order *order;
	uint32_t i;

	if (!found)
		return 0;
	order = &(*found)->order;
	order->nr_mappings = (*found)->mappings.nr;
	for (i = 0; i < order->nr_mappings; i++)
		order->bytes[i] = (*found)->mappings.mapping[i].bytes;
	return usm_order_encode(order, data, room);
}

static void record_recall(void *ctx, uint32_t member, const void *data,
			  uint32_t bytes)
{
	struct record_replay *replay = ctx;
	struct process **found = find(replay, member);
	struct usm_follow *follow = NULL;
	struct process *process;
	uint32_t i;

	/* It may be told again: then it goes on where it is. */
	if (!found || (*found)->follow)
		return;
	if (usm_follow_create(data, bytes, &follow)) {
		replay->refused++;
		return;
	}
	process = *found;
	process->follow = follow;
	replay->recalled++;
	/* Faults may have come before. */
	for (i = 0; i < process->mappings.nr; i++)
		usm_follow_mapping(follow, &process->mappings, i);
}

static void record(struct record_replay *replay, struct process *process,
		   uint32_t mapping, uint64_t addr)
{
	struct usm_order *order = &process->order;
	int64_t offset =
		usm_mappings_offset(&process->mappings.mapping[mapping], addr);

	if (order->nr_pages < USM_ORDER_PAGES &&
	    usm_order_name(mapping, offset, &order->page[order->nr_pages])) {
		order->nr_pages++;
		replay->recorded++;
	}
}

static uint32_t record_fault(void *ctx, const struct usm_fault *fault,
			     uint64_t *wants, uint32_t nr)
{
	struct record_replay *replay = ctx;
	struct process **found = find(replay, fault->member), *process;
	uint32_t before, mapping, asked = 0;

	if (!found)
		return 0;
	process = *found;
	before = process->mappings.nr;
	/* First touches are what shows mappings in an order of their own. */
	mapping = usm_mappings_of(&process->mappings, fault);
	if (mapping == USM_MAPPINGS_NONE)
		return 0;
	if (process->follow && process->mappings.nr > before)
		usm_follow_mapping(process->follow, &process->mappings,
				   mapping);
	if (fault->kind != USM_FAULT_SWAPIN)
		return 0;
	record(replay, process, mapping, fault->addr);
	if (process->follow)
		asked = usm_follow_needed(process->follow, &process->mappings,
					  mapping, fault->addr, replay->max,
					  wants, nr);
	replay->asked += asked;
	return asked;
}

static void record_unused(void *ctx, uint32_t member, uint64_t addr)
{
	struct process **process = find(ctx, member);

	(void)addr;
	if (process && (*process)->follow)
		usm_follow_unused((*process)->follow);
}

static int record_config(void *ctx, const char *key, const char *value,
			 const char **why)
{
	struct record_replay *replay = ctx;

	return usm_prefetch_depth_config(&replay->max, key, value, why);
}

static uint32_t record_stats(const void *ctx, struct usm_policy_stat *stats,
			     uint32_t nr)
{
	const struct record_replay *replay = ctx;
	const struct usm_policy_stat all[] = {
		{ "recorded", replay->recorded },
		{ "recalled", replay->recalled },
		{ "refused", replay->refused },
		{ "asked", replay->asked },
	};
	uint32_t i;

	for (i = 0; i < nr && i < sizeof(all) / sizeof(all[0]); i++)
		stats[i] = all[i];
	return i;
}

const struct usm_prefetch_policy usm_prefetch_record_replay = {
	USM_POLICY_HEAD(struct usm_prefetch_policy),
	.name = "record-replay",
	.summary = "what the last process of the program needed next",
	.init = record_init,
	.fini = record_fini,
	.fault = record_fault,
	.unused = record_unused,
	.process_new = record_process_new,
	.process_exit = record_process_exit,
	.config = record_config,
	.stats = record_stats,
	.remember = record_remember,
	.recall = record_recall,
};
