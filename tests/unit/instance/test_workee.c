/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xmmintrin.h>

#include "instance/worker/backoff.h"
#include "instance/workee/context.h"
#include "instance/workee/stacks.h"
#include "instance/workee/workee.h"

#define MANY 4096
#define ROUNDS 50

static struct usm_workees *workees;
static uint32_t done[MANY];
static uint32_t waits; /* each workee waits so often before it is done */
static char trace[64];

static void run(void *ctx, uint32_t index)
{
	double value = index;
	uint32_t i;

	cr_assert_eq(ctx, trace);
	cr_assert_eq(usm_workee_current(workees), index);
	for (i = 0; i < waits; i++) {
		value += 0.5;
		usm_workee_wait(workees);
		cr_assert_eq(usm_workee_current(workees), index);
	}
	cr_assert_eq(value, index + 0.5 * waits);
	done[index]++;
}

static void setup(void)
{
	memset(done, 0, sizeof(done));
	waits = 0;
	cr_assert_eq(usm_workees_create(MANY, run, trace, &workees), 0);
}

static void teardown(void)
{
	usm_workees_destroy(workees);
}

TestSuite(workee, .init = setup, .fini = teardown);

Test(workee, runs_to_its_end_at_once)
{
	usm_workees_begin(workees, 7);
	usm_workees_begin(workees, 7);
	cr_assert_eq(done[7], 2);
	cr_assert_eq(usm_workees_waiting(workees), 0);
	cr_assert_eq(usm_workee_current(workees), USM_WORKEE_NONE);
}

Test(workee, goes_on_where_it_waited)
{
	uint32_t i, round;

	waits = ROUNDS;
	for (i = 0; i < MANY; i++)
		usm_workees_begin(workees, i);
	cr_assert_eq(usm_workees_waiting(workees), MANY);
	cr_assert_eq(usm_workees_go_on(workees), 0);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < MANY; i++)
			usm_workee_wake(workees, (i * 1021) % MANY);
		cr_assert(usm_workees_ready(workees));
		cr_assert_eq(usm_workees_go_on(workees), MANY);
	}
	cr_assert_eq(usm_workees_waiting(workees), 0);
	for (i = 0; i < MANY; i++)
		cr_assert_eq(done[i], 1);
}

Test(workee, woken_twice_goes_on_once)
{
	waits = 2;
	usm_workees_begin(workees, 3);
	usm_workee_wake(workees, 3);
	usm_workee_wake(workees, 3);
	cr_assert_eq(usm_workees_go_on(workees), 1);
	cr_assert_eq(usm_workees_go_on(workees), 0);
	cr_assert_eq(done[3], 0);
}

Test(workee, waking_one_that_does_not_wait_is_nothing)
{
	usm_workee_wake(workees, 3);
	usm_workees_begin(workees, 3);
	usm_workee_wake(workees, 3);
	cr_assert_not(usm_workees_ready(workees));
	cr_assert_eq(usm_workees_go_on(workees), 0);
	cr_assert_eq(done[3], 1);
}

Test(workee, begun_while_waiting_runs_again)
{
	waits = 1;
	usm_workees_begin(workees, 9);
	usm_workees_begin(workees, 9);
	usm_workees_begin(workees, 9);
	usm_workee_wake(workees, 9);
	usm_workees_go_on(workees);
	cr_assert_eq(done[9], 1);
	cr_assert_eq(usm_workees_waiting(workees), 1);
	usm_workee_wake(workees, 9);
	usm_workees_go_on(workees);
	cr_assert_eq(done[9], 2);
	cr_assert_eq(usm_workees_waiting(workees), 0);
}

/* ---- preemption points -------------------------------------------------------- */

static void spin_for(uint64_t ns)
{
	uint64_t until = usm_now_ns() + ns;

	while (usm_now_ns() < until)
		;
}

static void take_long(void *ctx, uint32_t index)
{
	char *at = ctx;
	size_t len = strlen(at);

	at[len] = (char)('a' + index);
	/* What came before the first point does not count. */
	spin_for(2 * USM_WORKEE_BUDGET_NS);
	cr_assert_not(usm_workee_checkpoint(workees));
	if (index)
		return;
	spin_for(2 * USM_WORKEE_BUDGET_NS);
	if (usm_workee_checkpoint(workees))
		at[strlen(at)] = '+';
	/* It has a whole budget again. */
	cr_assert_not(usm_workee_checkpoint(workees));
}

Test(workee, over_budget_lets_others_go_first)
{
	struct usm_workees *first = workees;

	memset(trace, 0, sizeof(trace));
	cr_assert_eq(usm_workees_create(2, take_long, trace, &workees), 0);
	usm_workees_begin(workees, 0);
	cr_assert(usm_workees_ready(workees));
	usm_workees_begin(workees, 1);
	cr_assert_eq(usm_workees_waiting(workees), 1);
	cr_assert_eq(usm_workees_go_on(workees), 1);
	cr_assert_eq(usm_workees_waiting(workees), 0);
	cr_assert_str_eq(trace, "ab+");
	usm_workees_destroy(workees);
	workees = first;
}

Test(workee, outside_there_is_nothing_to_switch)
{
	cr_assert_not(usm_workee_checkpoint(workees));
	spin_for(2 * USM_WORKEE_BUDGET_NS);
	cr_assert_not(usm_workee_checkpoint(workees));
}

/* ---- stacks ------------------------------------------------------------------- */

static void use_stack(void *ctx, uint32_t index)
{
	volatile char room[20000];
	size_t i;

	(void)ctx;
	for (i = 0; i < sizeof(room); i++)
		room[i] = (char)(index + 1);
}

Test(workee, high_water_is_the_deepest_use)
{
	struct usm_workees *deep;
	size_t used;

	usm_workees_begin(workees, 0);
	cr_assert_lt(usm_workees_high_water(workees), 8192);
	cr_assert_eq(usm_workees_create(4, use_stack, NULL, &deep), 0);
	cr_assert_eq(usm_workees_high_water(deep), 0);
	usm_workees_begin(deep, 2);
	used = usm_workees_high_water(deep);
	cr_assert_geq(used, 20000);
	cr_assert_lt(used, 24576);
	usm_workees_destroy(deep);
}

Test(stacks, below_each_is_a_page_that_faults)
{
	struct usm_stacks stacks;
	volatile char *bottom;
	void *first, *second;
	int status;
	pid_t pid;

	cr_assert_eq(usm_stacks_init(&stacks, 2), 0);
	cr_assert_eq(usm_stacks_open(&stacks, 0, &first), 0);
	cr_assert_eq(usm_stacks_open(&stacks, 1, &second), 0);
	bottom = second;
	bottom[0] = 1;
	pid = fork();
	if (pid == 0) {
		/* Sanitizers would report it and leave with a code of theirs. */
		signal(SIGSEGV, SIG_DFL);
		bottom[-1] = 1;
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status));
	cr_assert_eq(WTERMSIG(status), SIGSEGV);
	usm_stacks_fini(&stacks);
}

/* ---- contexts ------------------------------------------------------------------- */

static struct usm_context outer, inner;

static void round_up(void *arg)
{
	(void)arg;
	_MM_SET_ROUNDING_MODE(_MM_ROUND_UP);
	usm_context_switch(&inner, &outer);
	cr_assert_eq(_MM_GET_ROUNDING_MODE(), _MM_ROUND_UP);
	usm_context_switch(&inner, &outer);
}

Test(context, rounding_is_each_ones_own)
{
	static char stack[65536] __attribute__((aligned(16)));

	usm_context_adopt(&outer);
	usm_context_make(&inner, stack, sizeof(stack), round_up, NULL);
	usm_context_switch(&outer, &inner);
	cr_assert_eq(_MM_GET_ROUNDING_MODE(), _MM_ROUND_NEAREST);
	_MM_SET_ROUNDING_MODE(_MM_ROUND_DOWN);
	usm_context_switch(&outer, &inner);
	cr_assert_eq(_MM_GET_ROUNDING_MODE(), _MM_ROUND_DOWN);
	_MM_SET_ROUNDING_MODE(_MM_ROUND_NEAREST);
	usm_context_fini(&inner);
}
