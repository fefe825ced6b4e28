/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "fake_pages.h"
#include "instance/evict/pager_policy.h"
#include "instance/policies/alloc/registry.h"
#include "instance/policies/evict/registry.h"
#include "instance/policies/oom/checked.h"
#include "instance/reload.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_refill.h"
#include "temp_dir.h"

#define PLAIN "{\"name\":\"a\",\"memory\":\"1M\"}"
#define SWAP "{\"name\":\"a\",\"memory\":\"1M\",\"swap\":{\"size\":\"1M\"}%s}"

static char dir[64];
static char path[96];
static struct usm_reload reload;
static struct usm_failure failure;
static struct fake_pages fake;
static struct usm_returned *returned;
static struct usm_stock *stock;
static struct usm_pager *pager;

static void write_config(const char *policy)
{
	char text[256];

	snprintf(text, sizeof(text), SWAP, policy);
	temp_file(dir, "a.json", text, strlen(text), 0644);
}

/* An instance under first-fit and clock, every frame FREE. */
static void setup(void)
{
	static const struct usm_extent partition = { 0, FAKE_PAGE_FRAMES };
	struct usm_pager_options options = {
		.kernel = &fake.ops,
		.policy = &usm_evict_clock,
		.device = &fake.device,
		.notices = &fake.notices,
		.pool = (char *)fake.pool,
		.pool_frames = FAKE_PAGE_FRAMES,
		.marks = usm_watermarks_of(FAKE_PAGE_FRAMES, 10, 20),
	};
	struct usm_config_error error;

	temp_dir_make(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/a.json", dir);
	temp_copy(dir, "warm.so", USM_EXAMPLES "/warm.so");
	write_config("");
	reload.path = path;
	reload.where = (struct usm_trusted){
		.root = dir,
		.dir = "",
		.owner = geteuid(),
	};
	cr_assert_eq(usm_config_load(path, &reload.config, &error), 0);
	cr_assert_eq(usm_policy_selection_open(&reload.config, &reload.where,
					       &reload.selection, &failure),
		     0);
	cr_assert_eq(usm_policy_selection_load(reload.selection, &failure), 0);

	fake_pages_init(&fake, 1);
	cr_assert_eq(
		usm_returned_create(&partition, 1, 0, &fake.ops, &returned), 0);
	cr_assert_eq(usm_stock_create(&partition, 1, &usm_alloc_first_fit,
				      &fake.ops, returned, &stock),
		     0);
	options.stock = stock;
	cr_assert_eq(usm_pager_create(&options, &pager), 0);
	cr_assert_eq(usm_stock_reconcile(stock, NULL), 0);
}

static void teardown(void)
{
	usm_pager_destroy(pager);
	usm_stock_destroy(stock);
	usm_returned_destroy(returned);
	usm_reload_fini(&reload);
	temp_dir_remove(dir);
}

TestSuite(reload, .init = setup, .fini = teardown);

/* As the signal and the worker would. */
static int change(void)
{
	int err = usm_reload_prepare(&reload, &failure);

	if (err)
		return err;
	reload.exchange.nr_stocks = 1;
	reload.exchange.stocks = &stock;
	reload.exchange.pager = pager;
	usm_exchange_run(&reload.exchange);
	return usm_reload_finish(&reload, &failure);
}

static void refuses(int wanted, const char *reason)
{
	int err = change();

	cr_assert_eq(err, wanted, "%d: %s", err, failure.text);
	cr_assert(strstr(failure.text, reason), "%s", failure.text);
	cr_assert_null(reload.next);
	cr_assert_str_eq(reload.config.alloc_policy, "first-fit");
	cr_assert_eq(reload.selection->alloc, &usm_alloc_first_fit);
	cr_assert_eq(usm_stock_nr(stock), FAKE_PAGE_FRAMES);
}

Test(reload, puts_other_policies_in_place)
{
	write_config(",\"policy\":{\"alloc\":\"extent\",\"evict\":\"fifo\"}");
	cr_assert_eq(change(), 0, "%s", failure.text);
	cr_assert_eq(reload.selection->alloc, &usm_alloc_extent);
	cr_assert_eq(reload.selection->evict, &usm_evict_fifo);
	cr_assert_str_eq(reload.config.alloc_policy, "extent");
	cr_assert_eq(usm_stock_nr(stock), FAKE_PAGE_FRAMES);
}

Test(reload, prefetch_comes_and_goes)
{
	const struct usm_prefetcher *prefetcher = usm_pager_prefetcher(pager);

	write_config(",\"policy\":{\"prefetch\":\"stride\"}");
	cr_assert_eq(change(), 0, "%s", failure.text);
	cr_assert_str_eq(usm_prefetcher_policy_name(prefetcher), "stride");
	write_config(",\"policy\":{\"prefetch\":\"stride\","
		     "\"prefetch_options\":{\"max\":\"0\"},"
		     "\"evict\":\"fifo\"}");
	refuses(-EINVAL, "policy.prefetch_options.max");
	cr_assert_str_eq(usm_prefetcher_policy_name(prefetcher), "stride");
	/* All or none. */
	write_config(",\"policy\":{\"prefetch\":\"readahead\","
		     "\"evict\":\"fifo\","
		     "\"evict_options\":{\"ghosts\":\"7\"}}");
	refuses(-ENOENT, "policy.evict_options.ghosts");
	cr_assert_str_eq(usm_prefetcher_policy_name(prefetcher), "stride");
	write_config("");
	cr_assert_eq(change(), 0, "%s", failure.text);
	cr_assert_null(usm_prefetcher_policy_name(prefetcher));
	cr_assert_eq(change(), -EALREADY);
}

Test(reload, leaves_alone_what_is_as_before)
{
	cr_assert_eq(change(), -EALREADY);
	write_config(",\"policy\":{\"evict\":\"fifo\"}");
	cr_assert_eq(usm_reload_prepare(&reload, &failure), 0);
	cr_assert_null(reload.exchange.alloc);
	cr_assert_eq(reload.exchange.evict, &usm_evict_fifo);
	/* One at a time. */
	cr_assert_eq(usm_reload_prepare(&reload, &failure), -EBUSY);
	cr_assert_not_null(reload.next);
}

Test(reload, loads_files_and_loads_them_again)
{
	struct usm_policy_selection *before;
	struct usm_fault fault = { .member = 1 };
	bool dry = false;
	char file[96];

	write_config(",\"policy\":{\"alloc\":\"warm\"}");
	cr_assert_eq(change(), 0, "%s", failure.text);
	before = reload.selection;
	cr_assert_str_eq(before->alloc->name, "warm");
	snprintf(file, sizeof(file), "%s/warm.so", dir);
	unlink(file);
	temp_copy(dir, "warm.so", USM_EXAMPLES "/warm.so");
	cr_assert_eq(change(), 0, "%s", failure.text);
	cr_assert_eq(usm_stock_nr(stock), FAKE_PAGE_FRAMES);
	cr_assert_neq(usm_stock_pick(stock, &fault, &dry), USM_FRAME_NONE);
}

Test(reload, refuses_any_other_change)
{
	temp_file(dir, "a.json", PLAIN, strlen(PLAIN), 0644);
	refuses(-EINVAL, "a.json: swap: cannot be changed while the instance");
	write_config(",\"deadline_ms\":7,\"policy\":{\"alloc\":\"extent\"}");
	refuses(-EINVAL, "deadline_ms: cannot be changed");
	write_config(",\"processes\":[{\"uid\":1,\"priority\":1}]");
	refuses(-EINVAL, "processes: cannot be changed");
	write_config(",\"thresholds\":[{\"used_percent\":70,"
		     "\"alloc\":\"extent\"}]");
	refuses(-EINVAL, "thresholds: cannot be changed");
	write_config(",\"colour\":1");
	refuses(-EINVAL, "colour: unknown key");
	unlink(path);
	refuses(-ENOENT, "a.json: No such file");
}

Test(reload, refuses_policies_that_are_not_there)
{
	write_config(",\"policy\":{\"alloc\":\"extent\",\"evict\":\"best\"}");
	refuses(-ENOENT, "policy.evict: ");
	write_config(",\"policy\":{\"alloc\":\"extent\",\"evict\":\"warm\"}");
	refuses(-EINVAL, "policy.evict: warm.so: it is a policy of another");
}

/* One of two has no such option: the other does not change either. */
Test(reload, exchanges_both_or_none)
{
	write_config(",\"policy\":{\"alloc\":\"extent\",\"evict\":\"fifo\","
		     "\"evict_options\":{\"ghosts\":\"7\"}}");
	refuses(-ENOENT, "policy.evict_options.ghosts");
	write_config(",\"policy\":{\"evict\":\"fifo\","
		     "\"alloc_options\":{\"run\":\"7\"}}");
	refuses(-ENOENT, "policy.alloc_options.run");
	write_config(",\"policy\":{\"evict\":\"fifo\"}");
	cr_assert_eq(change(), 0, "%s", failure.text);
}

/* A threshold has put another one in its place: only the books change. */
Test(reload, leaves_in_place_what_thresholds_put_there)
{
	reload.elsewhere.evict = true;
	write_config(",\"policy\":{\"alloc\":\"extent\",\"evict\":\"fifo\"}");
	cr_assert_eq(usm_reload_prepare(&reload, &failure), 0);
	cr_assert_eq(reload.exchange.alloc, &usm_alloc_extent);
	cr_assert_null(reload.exchange.evict);
	cr_assert_eq(usm_reload_finish(&reload, &failure), 0);
	cr_assert_eq(reload.selection->evict, &usm_evict_fifo);
	write_config(",\"policy\":{\"alloc\":\"extent\",\"evict\":\"lru\"}");
	cr_assert_eq(change(), 0, "%s", failure.text);
	cr_assert_eq(reload.selection->evict, &usm_evict_lru);
	cr_assert_str_eq(usm_pager_policy_name(pager), "clock");
}

/* It serves as long as the instance does, whatever is put in place beside it. */
Test(reload, keeps_what_decides_when_frames_run_out)
{
	struct usm_checked_oom_options options = { .limit_ns = 1000 };
	struct usm_checked_oom *oom = NULL;
	struct usm_fault fault = { .member = 1 };
	char file[96];

	temp_copy(dir, "patient.so", USM_EXAMPLES "/patient.so");
	write_config(",\"policy\":{\"oom\":\"patient\"}");
	strcpy(reload.config.oom_policy, "patient");
	cr_assert_eq(usm_named_policy_open(&reload.oom, USM_POLICY_OOM,
					   "policy.oom", "patient",
					   &reload.where, &failure),
		     0, "%s", failure.text);
	cr_assert_eq(usm_named_policy_load(&reload.oom, &failure), 0, "%s",
		     failure.text);
	options.policy = reload.oom.oom;
	cr_assert_eq(usm_checked_oom_create(&options, &oom, &failure), 0);

	snprintf(file, sizeof(file), "%s/patient.so", dir);
	unlink(file);
	write_config(",\"policy\":{\"oom\":\"patient\","
		     "\"alloc\":\"extent\"}");
	cr_assert_eq(change(), 0, "%s", failure.text);
	cr_assert_eq(reload.oom.oom, options.policy);
	cr_assert(usm_checked_oom_waits(oom, &fault, 0, 1));
	usm_checked_oom_destroy(oom);
}
