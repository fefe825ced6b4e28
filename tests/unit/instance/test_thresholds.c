/* SPDX-License-Identifier: MIT */
/* Other policies while much of the partition is in use. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fake_pages.h"
#include "instance/evict/pager_policy.h"
#include "instance/policies/alloc/registry.h"
#include "instance/policies/evict/registry.h"
#include "instance/thresholds/level.h"
#include "instance/thresholds/switcher.h"
#include "instance/thresholds/watch.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_refill.h"
#include "temp_dir.h"

/* ---- level -------------------------------------------------------------------- */

static const struct usm_config_thresholds two = {
	.nr = 2,
	.threshold = {
		{ .used_percent = 70, .evict_policy = "lru" },
		{ .used_percent = 90, .alloc_policy = "extent" },
	},
};

static unsigned int level(uint32_t used, unsigned int was)
{
	return usm_threshold_level(&two, 1000, 1000 - used, was);
}

Test(level, is_reached_at_its_percentage_and_left_five_below)
{
	cr_assert_eq(level(0, 0), 0);
	cr_assert_eq(level(699, 0), 0);
	cr_assert_eq(level(700, 0), 1);
	cr_assert_eq(level(899, 1), 1);
	cr_assert_eq(level(900, 1), 2);
	cr_assert_eq(level(1000, 0), 2);
	cr_assert_eq(level(850, 2), 2);
	cr_assert_eq(level(849, 2), 1);
	cr_assert_eq(level(650, 2), 1);
	cr_assert_eq(level(650, 1), 1);
	cr_assert_eq(level(649, 1), 0);
	cr_assert_eq(level(0, 2), 0);
}

Test(level, knows_what_cannot_be)
{
	static const struct usm_config_thresholds none = { 0 };

	cr_assert_eq(usm_threshold_level(&none, 1000, 0, 0), 0);
	cr_assert_eq(usm_threshold_level(&none, 1000, 0, 7), 0);
	/* More free than there are: it shrank a moment ago. */
	cr_assert_eq(usm_threshold_level(&two, 10, 20, 2), 0);
	cr_assert_eq(usm_threshold_level(&two, UINT32_MAX, 0, 9), 2);
}

/* ---- watch -------------------------------------------------------------------- */

static bool is_told(const struct usm_threshold_watch *watch)
{
	eventfd_t count;

	return !eventfd_read(watch->fd, &count);
}

Test(watch, tells_of_crossings_only)
{
	struct usm_threshold_watch watch;
	uint32_t nr_free;

	cr_assert_eq(usm_threshold_watch_open(&watch, &two, 100), 0);
	for (nr_free = 100; nr_free > 30; nr_free--)
		usm_threshold_watch_see(&watch, nr_free);
	cr_assert_not(is_told(&watch));
	usm_threshold_watch_see(&watch, 30);
	cr_assert(is_told(&watch));
	cr_assert_eq(usm_threshold_watch_level(&watch), 1);
	usm_threshold_watch_see(&watch, 29);
	usm_threshold_watch_see(&watch, 33);
	cr_assert_not(is_told(&watch));
	/* Half the size: it is full now. */
	usm_threshold_watch_resized(&watch, 50);
	usm_threshold_watch_see(&watch, 3);
	cr_assert(is_told(&watch));
	cr_assert_eq(usm_threshold_watch_level(&watch), 2);
	usm_threshold_watch_see(&watch, 40);
	cr_assert(is_told(&watch));
	cr_assert_eq(usm_threshold_watch_level(&watch), 0);
	usm_threshold_watch_close(&watch);
}

/* ---- turn --------------------------------------------------------------------- */

static unsigned int went;

static void go(void *ctx)
{
	cr_assert_eq(ctx, &went);
	went++;
}

Test(turn, is_one_at_a_time)
{
	struct usm_turn turn = { 0 };

	cr_assert(usm_turn_take(&turn, go, &went));
	usm_turn_end(&turn);
	cr_assert_eq(went, 0);
	cr_assert(usm_turn_take(&turn, go, &went));
	cr_assert_not(usm_turn_take(&turn, go, &went));
	cr_assert_not(usm_turn_take(&turn, go, &went));
	usm_turn_end(&turn);
	cr_assert_eq(went, 1);
	/* Who waited has it now. */
	cr_assert_not(usm_turn_take(&turn, go, &went));
	usm_turn_end(&turn);
	cr_assert_eq(went, 2);
	usm_turn_end(&turn);
	cr_assert(usm_turn_take(&turn, go, &went));
}

/* ---- policies ------------------------------------------------------------------- */

static char dir[64];
static struct usm_trusted where;
static struct usm_failure failure;

static void make_dir(void)
{
	temp_dir_make(dir, sizeof(dir));
	temp_copy(dir, "warm.so", USM_EXAMPLES "/warm.so");
	where = (struct usm_trusted){
		.root = dir,
		.dir = "",
		.owner = geteuid(),
	};
}

static void remove_dir(void)
{
	temp_dir_remove(dir);
}

TestSuite(threshold_policies, .init = make_dir, .fini = remove_dir);

static int load(const struct usm_config_thresholds *thresholds)
{
	struct usm_threshold_policies policies;
	int err = usm_threshold_policies_open(&policies, thresholds, &where,
					      &failure);

	if (!err)
		err = usm_threshold_policies_load(&policies, &failure);
	usm_threshold_policies_close(&policies);
	return err;
}

Test(threshold_policies, are_tried_before_they_are_needed)
{
	struct usm_config_thresholds wanted = two;

	cr_assert_eq(load(&wanted), 0, "%s", failure.text);
	strcpy(wanted.threshold[1].alloc_policy, "warm");
	cr_assert_eq(load(&wanted), 0, "%s", failure.text);
	strcpy(wanted.threshold[1].alloc_policy, "best");
	cr_assert_eq(load(&wanted), -ENOENT);
	cr_assert(strstr(failure.text, "thresholds[1].alloc"), "%s",
		  failure.text);
	wanted = two;
	strcpy(wanted.threshold[0].evict_policy, "warm");
	cr_assert_eq(load(&wanted), -EINVAL);
	cr_assert(strstr(failure.text, "thresholds[0].evict: warm.so"), "%s",
		  failure.text);
	wanted = two;
	wanted.threshold[0].evict_options = (struct usm_settings){
		.nr = 1,
		.setting = { { "colour", "red" } },
	};
	cr_assert_eq(load(&wanted), -ENOENT);
	cr_assert_str_eq(failure.text,
			 "thresholds[0].evict_options.colour: policy \"lru\" "
			 "has no such option");
	wanted = two;
	wanted.threshold[1].alloc_options = (struct usm_settings){
		.nr = 1,
		.setting = { { "colour", "red" } },
	};
	cr_assert_eq(load(&wanted), -ENOENT);
	cr_assert(strstr(failure.text, "thresholds[1].alloc_options.colour"),
		  "%s", failure.text);
}

Test(threshold_policies, of_each_kind_the_highest_counts)
{
	struct usm_threshold_choice choice = usm_threshold_choose(&two, 0);

	cr_assert_eq(choice.alloc, 0);
	cr_assert_eq(choice.evict, 0);
	choice = usm_threshold_choose(&two, 1);
	cr_assert_eq(choice.alloc, 0);
	cr_assert_eq(choice.evict, 1);
	choice = usm_threshold_choose(&two, 2);
	cr_assert_eq(choice.alloc, 2);
	cr_assert_eq(choice.evict, 1);
	choice = usm_threshold_choose(&two, 9);
	cr_assert_eq(choice.alloc, 2);
}

/* ---- switcher ------------------------------------------------------------------- */

static const struct usm_extent partition = { 0, FAKE_PAGE_FRAMES };

static struct fake_pages fake;
static struct usm_returned *returned;
static struct usm_stock *stock;
static struct usm_pager *pager;
static struct usm_policy_selection own;
static struct usm_reload reload;
static struct usm_turn turn;
static struct usm_threshold_switcher switcher;
static struct usm_control_source source[2];
static struct usm_exchange *under_way;
static char reported[256];
static uint32_t held[FAKE_PAGE_FRAMES];
static uint32_t nr_held;

static void start(void *ctx, struct usm_exchange *exchange)
{
	cr_assert_eq(ctx, &fake);
	cr_assert_null(under_way);
	under_way = exchange;
}

static void report(const char *text)
{
	snprintf(reported, sizeof(reported), "%s", text);
}

static void setup(void)
{
	struct usm_pager_options options = {
		.kernel = &fake.ops,
		.policy = &usm_evict_clock,
		.device = &fake.device,
		.notices = &fake.notices,
		.pool = (char *)fake.pool,
		.pool_frames = FAKE_PAGE_FRAMES,
		.marks = usm_watermarks_of(FAKE_PAGE_FRAMES, 10, 20),
	};

	make_dir();
	fake_pages_init(&fake, 1);
	cr_assert_eq(
		usm_returned_create(&partition, 1, 0, &fake.ops, &returned), 0);
	cr_assert_eq(usm_stock_create(&partition, 1, &usm_alloc_first_fit,
				      &fake.ops, returned, &stock),
		     0);
	options.stock = stock;
	cr_assert_eq(usm_pager_create(&options, &pager), 0);
	cr_assert_eq(usm_stock_reconcile(stock, NULL), 0);

	own.alloc = &usm_alloc_first_fit;
	own.evict = &usm_evict_clock;
	reload.selection = &own;
	cr_assert_eq(usm_threshold_policies_open(&switcher.policies, &two,
						 &where, &failure),
		     0);
	cr_assert_eq(usm_threshold_policies_load(&switcher.policies, &failure),
		     0);
	switcher.reload = &reload;
	switcher.turn = &turn;
	switcher.start = start;
	switcher.start_ctx = &fake;
	switcher.report = report;
	cr_assert_eq(usm_threshold_switcher_open(&switcher, FAKE_PAGE_FRAMES),
		     0);
	usm_threshold_switcher_sources(&switcher, source);
}

static void teardown(void)
{
	usm_threshold_switcher_close(&switcher);
	usm_pager_destroy(pager);
	usm_stock_destroy(stock);
	usm_returned_destroy(returned);
	remove_dir();
}

TestSuite(switcher, .init = setup, .fini = teardown);

/* A worker's pass with so many frames in use. */
static void use(uint32_t nr)
{
	struct usm_fault fault = { .member = 1 };
	bool dry;

	while (nr_held < nr)
		held[nr_held++] = usm_stock_pick(stock, &fault, &dry);
	while (nr_held > nr)
		usm_stock_give(stock, held[--nr_held]);
	usm_threshold_watch_see(&switcher.watch, usm_stock_nr_all(stock));
}

/* What the control thread does; true: members are to be told again. */
static bool poll_sources(void)
{
	bool told = source[0].ready(source[0].ctx);

	return source[1].ready(source[1].ctx) || told;
}

static void make_exchange(void)
{
	struct usm_exchange *exchange = under_way;

	cr_assert_not_null(exchange);
	under_way = NULL;
	exchange->nr_stocks = 1;
	exchange->stocks = &stock;
	exchange->pager = pager;
	usm_exchange_run(exchange);
}

static void serves(const char *alloc, const char *evict)
{
	cr_assert_str_eq(usm_stock_policy_name(stock), alloc);
	cr_assert_str_eq(usm_pager_policy_name(pager), evict);
	cr_assert_eq(usm_stock_nr(stock), FAKE_PAGE_FRAMES - nr_held);
}

Test(switcher, there_and_back)
{
	use(FAKE_PAGE_FRAMES * 6 / 10);
	cr_assert_not(poll_sources());
	cr_assert_null(under_way);
	use(FAKE_PAGE_FRAMES * 8 / 10);
	cr_assert_not(poll_sources());
	make_exchange();
	cr_assert(poll_sources());
	cr_assert_str_eq(reported, "threshold: now evict lru");
	serves("first-fit", "lru");
	use(FAKE_PAGE_FRAMES);
	poll_sources();
	make_exchange();
	cr_assert(poll_sources());
	cr_assert_str_eq(reported, "threshold: now alloc extent");
	serves("extent", "lru");
	use(0);
	poll_sources();
	make_exchange();
	cr_assert(poll_sources());
	cr_assert_str_eq(reported,
			 "threshold: now alloc first-fit, evict clock");
	serves("first-fit", "clock");
	cr_assert_not(poll_sources());
	cr_assert_null(under_way);
	cr_assert_eq(switcher.switches, 3);
}

/* Crossed again while an exchange is under way: looked at at its end. */
Test(switcher, looks_again_at_the_end)
{
	use(FAKE_PAGE_FRAMES);
	poll_sources();
	cr_assert_not_null(under_way);
	use(0);
	cr_assert_not(poll_sources());
	make_exchange();
	cr_assert(poll_sources());
	make_exchange();
	cr_assert(poll_sources());
	serves("first-fit", "clock");
	/* There and back before anybody looked. */
	use(FAKE_PAGE_FRAMES);
	use(0);
	cr_assert_not(poll_sources());
	cr_assert_null(under_way);
	cr_assert_not(turn.taken);
}

Test(switcher, waits_for_its_turn)
{
	cr_assert(usm_turn_take(&turn, go, &went));
	use(FAKE_PAGE_FRAMES);
	cr_assert_not(poll_sources());
	cr_assert_null(under_way);
	usm_turn_end(&turn);
	make_exchange();
	/* Somebody else is next. */
	cr_assert_not(usm_turn_take(&turn, go, &went));
	cr_assert(poll_sources());
	cr_assert_eq(went, 1);
	usm_turn_end(&turn);
	serves("extent", "lru");
	cr_assert_not(turn.taken);
}

/* The instance's own policies changed meanwhile: it goes back to those. */
Test(switcher, goes_back_to_what_is_configured_by_then)
{
	use(FAKE_PAGE_FRAMES * 8 / 10);
	poll_sources();
	make_exchange();
	poll_sources();
	cr_assert(reload.elsewhere.evict);
	cr_assert_not(reload.elsewhere.alloc);
	own.evict = &usm_evict_sieve;
	use(0);
	poll_sources();
	make_exchange();
	poll_sources();
	serves("first-fit", "sieve");
	cr_assert_not(reload.elsewhere.evict);
}

Test(switcher, a_refused_exchange_changes_nothing)
{
	use(FAKE_PAGE_FRAMES);
	poll_sources();
	under_way->result = -ENOMEM;
	snprintf(under_way->failure.text, sizeof(under_way->failure.text),
		 "out of memory");
	under_way->done(under_way->done_ctx);
	under_way = NULL;
	cr_assert_not(poll_sources());
	cr_assert_str_eq(reported, "threshold: policies stay as they are: "
				   "out of memory");
	serves("first-fit", "clock");
	cr_assert_eq(switcher.refused, 1);
	cr_assert_not(turn.taken);
	/* It is left, and reached again. */
	use(0);
	poll_sources();
	cr_assert_null(under_way);
	use(FAKE_PAGE_FRAMES);
	poll_sources();
	make_exchange();
	cr_assert(poll_sources());
	serves("extent", "lru");
}
