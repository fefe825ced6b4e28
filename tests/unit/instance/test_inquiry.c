/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_pages.h"
#include "instance/evict/pager_policy.h"
#include "instance/inquiry.h"
#include "instance/policies/alloc/registry.h"
#include "instance/policies/evict/registry.h"
#include "instance/signals.h"

#define STOCKS 2

static struct fake_pages fake;
static struct usm_alloc_policy counting;

static uint32_t count(const void *ctx, struct usm_policy_stat *stats,
		      uint32_t nr)
{
	(void)ctx;
	cr_assert_geq(nr, 1);
	stats[0] = (struct usm_policy_stat){ "asked", 21 };
	return 1;
}

static void tell_device(void *ctx, struct usm_swap_stats *out)
{
	(void)ctx;
	*out = (struct usm_swap_stats){
		.device = "file",
		.pages = 5,
		.bytes = 20480,
		.loads = "threads",
		.written = 7,
		.read = 3,
		.cached = 2,
	};
}

/* What would be printed; the caller frees it. */
static char *print(const struct usm_survey *survey)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	usm_inquiry_print(out, "policy.alloc", &survey->alloc);
	usm_inquiry_print(out, "policy.evict", &survey->evict);
	usm_inquiry_print_processes(out, survey);
	usm_inquiry_print(out, "swap", &survey->device);
	fclose(out);
	return text;
}

Test(inquiry, adds_up_what_policies_and_device_have_counted)
{
	static const struct usm_extent partition = { 0, FAKE_PAGE_FRAMES };
	struct usm_stock *stocks[STOCKS];
	struct usm_returned *returned;
	struct usm_pager *pager;
	struct usm_survey survey = { .nr_stocks = 1, .stocks = stocks };
	struct usm_pager_options options = {
		.kernel = &fake.ops,
		.policy = &usm_evict_fifo,
		.device = &fake.device,
		.notices = &fake.notices,
		.pool = (char *)fake.pool,
		.pool_frames = FAKE_PAGE_FRAMES,
	};
	const struct usm_group_options group = {
		.field = "processes[0]",
		.policy = &usm_evict_sieve,
		.priority = 80,
	};
	char *text;
	int i;

	fake_pages_init(&fake, 1);
	fake.device.stats = tell_device;
	counting = usm_alloc_first_fit;
	counting.stats = count;
	cr_assert_eq(
		usm_returned_create(&partition, 1, 0, &fake.ops, &returned), 0);
	for (i = 0; i < STOCKS; i++)
		cr_assert_eq(usm_stock_create(&partition, 1, &counting,
					      &fake.ops, returned, &stocks[i]),
			     0);
	options.stock = stocks[0];
	cr_assert_eq(usm_pager_create(&options, &pager), 0);
	cr_assert_eq(usm_pager_add_group(pager, &group, NULL), 0);

	usm_survey_run(&survey);
	text = print(&survey);
	cr_assert_str_eq(text, "policy.alloc first-fit overruled=0 asked=21\n");
	free(text);
	survey.nr_stocks = STOCKS;
	survey.pager = pager;
	survey.swap = &fake.device;
	usm_survey_run(&survey);
	text = print(&survey);
	cr_assert_str_eq(text, "policy.alloc first-fit overruled=0 asked=42\n"
			       "policy.evict fifo overruled=0\n"
			       "processes[0] sieve priority=80 pages=0 "
			       "overruled=0\n"
			       "swap file/threads slots_used=0 pages=5 same=0 "
			       "raw=0 bytes=20480 memory=0 written=7 read=3 "
			       "cached=2\n");
	free(text);
	usm_pager_destroy(pager);
	for (i = 0; i < STOCKS; i++)
		usm_stock_destroy(stocks[i]);
	usm_returned_destroy(returned);
}

Test(inquiry, says_how_deep_stacks_were_used)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	usm_inquiry_print_stacks(out, 9120);
	fclose(out);
	cr_assert_str_eq(text, "workees stacks high_water=9120 of=65536\n");
	free(text);
}

Test(signals, are_read_not_handled)
{
	static const int wanted[] = { SIGHUP, SIGUSR1, 0 };
	int fd = -1;

	cr_assert_eq(usm_signals_block(), 0);
	cr_assert_eq(usm_signals_open(wanted, &fd), 0);
	cr_assert_not(usm_signals_take(fd));
	raise(SIGHUP);
	raise(SIGHUP);
	cr_assert(usm_signals_take(fd));
	cr_assert_not(usm_signals_take(fd));
	/* Another descriptor's. */
	raise(SIGTERM);
	cr_assert_not(usm_signals_take(fd));
	close(fd);
}
