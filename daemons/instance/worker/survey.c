/* SPDX-License-Identifier: MIT */
#include "instance/worker/survey.h"

#include <stdio.h>
#include <string.h>

#include "instance/evict/pager_policy.h"

/* Counters of one name are one counter. */
static void add(struct usm_survey_policy *policy,
		const struct usm_policy_stat *stat)
{
	const char *name = stat->name ? stat->name : "";
	uint32_t i;

	for (i = 0; i < policy->nr; i++)
		if (!strncmp(policy->stat[i].name, name,
			     USM_SURVEY_NAME_SIZE - 1))
			break;
	if (i == USM_SURVEY_STATS_MAX)
		return;
	if (i == policy->nr) {
		snprintf(policy->stat[i].name, USM_SURVEY_NAME_SIZE, "%s",
			 name);
		policy->stat[i].value = 0;
		policy->nr++;
	}
	policy->stat[i].value += stat->value;
}

static void add_all(struct usm_survey_policy *policy,
		    const struct usm_policy_stat *stats, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		add(policy, &stats[i]);
}

static void ask_device(struct usm_swap_device *swap,
		       const struct usm_pager *pager,
		       struct usm_survey_policy *out)
{
	struct usm_swap_stats held = { 0 };

	swap->stats(swap->ctx, &held);
	snprintf(out->name, USM_SURVEY_NAME_SIZE, "%s%s%s", held.device,
		 held.loads ? "/" : "", held.loads ? held.loads : "");
	add_all(out,
		(const struct usm_policy_stat[]){
			{ "slots_used", pager ? usm_pager_out(pager) : 0 },
			{ "pages", held.pages },
			{ "same", held.same },
			{ "raw", held.raw },
			{ "bytes", held.bytes },
			{ "memory", held.memory },
			{ "written", held.written },
			{ "read", held.read },
			{ "cached", held.cached },
		},
		9);
}

/* Groups of processes, but the one of all others. */
static void ask_groups(const struct usm_groups *groups,
		       struct usm_survey *survey)
{
	struct usm_policy_stat stats[USM_SURVEY_STATS_MAX] = { 0 };
	unsigned int i;

	survey->nr_processes = usm_groups_nr(groups) - 1;
	for (i = 0; i < survey->nr_processes; i++) {
		const struct usm_checked_evict *policy =
			usm_groups_policy(groups, i + 1);
		struct usm_survey_policy *out = &survey->processes[i];

		*out = (struct usm_survey_policy){ 0 };
		snprintf(out->name, USM_SURVEY_NAME_SIZE, "%s",
			 usm_checked_evict_name(policy));
		add_all(out,
			(const struct usm_policy_stat[]){
				{ "priority",
				  usm_groups_priority(groups, i + 1) },
				{ "pages", usm_groups_pages(groups, i + 1) },
			},
			2);
		add_all(out, stats,
			usm_checked_evict_stats(policy, stats,
						USM_SURVEY_STATS_MAX));
	}
}

/* Nothing to say where nothing was given ahead. */
static void ask_ahead(const struct usm_survey *survey,
		      struct usm_survey_policy *out)
{
	struct usm_policy_stat stats[USM_SURVEY_STATS_MAX] = { 0 };
	uint32_t nr =
		usm_ahead_stats(survey->ahead, stats, USM_SURVEY_STATS_MAX);

	if (nr)
		snprintf(out->name, USM_SURVEY_NAME_SIZE, "%s",
			 usm_stock_policy_name(survey->stocks[0]));
	add_all(out, stats, nr);
}

static void ask_prefetcher(const struct usm_prefetcher *prefetcher,
			   struct usm_survey_policy *out)
{
	struct usm_policy_stat stats[USM_SURVEY_STATS_MAX] = { 0 };
	const char *name = usm_prefetcher_policy_name(prefetcher);

	if (!name)
		return;
	snprintf(out->name, USM_SURVEY_NAME_SIZE, "%s", name);
	add_all(out, stats,
		usm_prefetcher_stats(prefetcher, stats, USM_SURVEY_STATS_MAX));
}

static void ask_ooms(const struct usm_survey *survey,
		     struct usm_survey_policy *out)
{
	struct usm_policy_stat stats[USM_SURVEY_STATS_MAX] = { 0 };
	unsigned int i;

	for (i = 0; i < survey->nr_stocks; i++)
		add_all(out, stats,
			usm_checked_oom_stats(survey->ooms[i], stats,
					      USM_SURVEY_STATS_MAX));
	snprintf(out->name, USM_SURVEY_NAME_SIZE, "%s",
		 usm_checked_oom_name(survey->ooms[0]));
}

void usm_survey_run(struct usm_survey *survey)
{
	struct usm_policy_stat stats[USM_SURVEY_STATS_MAX] = { 0 };
	unsigned int i;

	memset(&survey->alloc, 0, sizeof(survey->alloc));
	memset(&survey->evict, 0, sizeof(survey->evict));
	memset(&survey->prefetch, 0, sizeof(survey->prefetch));
	memset(&survey->device, 0, sizeof(survey->device));
	memset(&survey->given, 0, sizeof(survey->given));
	memset(&survey->oom, 0, sizeof(survey->oom));
	for (i = 0; i < survey->nr_stocks; i++)
		add_all(&survey->alloc, stats,
			usm_stock_stats(survey->stocks[i], stats,
					USM_SURVEY_STATS_MAX));
	snprintf(survey->alloc.name, USM_SURVEY_NAME_SIZE, "%s",
		 usm_stock_policy_name(survey->stocks[0]));
	if (survey->pager) {
		add_all(&survey->evict, stats,
			usm_pager_stats(survey->pager, stats,
					USM_SURVEY_STATS_MAX));
		snprintf(survey->evict.name, USM_SURVEY_NAME_SIZE, "%s",
			 usm_pager_policy_name(survey->pager));
		ask_groups(usm_pager_groups(survey->pager), survey);
		ask_prefetcher(usm_pager_prefetcher(survey->pager),
			       &survey->prefetch);
	}
	if (survey->ooms)
		ask_ooms(survey, &survey->oom);
	if (survey->ahead)
		ask_ahead(survey, &survey->given);
	if (survey->swap && survey->swap->stats)
		ask_device(survey->swap, survey->pager, &survey->device);
	if (survey->done)
		survey->done(survey->done_ctx);
}
