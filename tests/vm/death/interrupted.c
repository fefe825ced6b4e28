/* SPDX-License-Identifier: MIT */
/* Signals that arrive while a fault waits for its policy. */
#include <signal.h>
#include <sys/time.h>

#include "common/client.h"
#include "death/death.h"
#include "lib/check.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#define PAGES 200
#define SIGNAL_EVERY_US 2000
/* The daemon sleeps and serves in turn; each is longer than a signal's pace. */
#define DAEMON_SLEEPS_MS 25
#define DAEMON_SERVES_MS 5
/* None of these pauses makes a fault late. */
#define DEADLINE_MS 5000
#define HOME_LIMIT_MS 20000

#define WORD_DONE 0
#define WORD_SIGNALS 1

/* A signal handler has no argument. */
static volatile sig_atomic_t signals;

static void on_alarm(int signal)
{
	(void)signal;
	signals++;
}

static int interrupted(struct child *self, void *arg)
{
	const struct itimerval often = {
		.it_interval = { .tv_usec = SIGNAL_EVERY_US },
		.it_value = { .tv_usec = SIGNAL_EVERY_US },
	};
	const struct itimerval never = { 0 };
	const struct sigaction action = { .sa_handler = on_alarm };
	void *buffer = pattern_map(PAGES * PAGE_BYTES);

	(void)arg;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	pattern_fill(buffer, 0, PAGES, 1, 60);
	setitimer(ITIMER_REAL, &never, NULL);
	self->shared->word[WORD_SIGNALS] = (uint64_t)signals;
	__atomic_store_n(&self->shared->word[WORD_DONE], 1, __ATOMIC_RELEASE);
	return pattern_bad(buffer, 0, PAGES, 1, 60) != 0;
}

void test_signals(int dev)
{
	const struct instance_options options = {
		.name = "drowsy",
		.memory = "4M",
		.deadline_ms = DEADLINE_MS,
	};
	struct usm_instance_info info;
	struct instance instance;
	struct child child;
	uint64_t end, *done;

	instance_start(&instance, dev, &options);
	child_start(&child, interrupted, NULL);
	require(child_reached(&child, 0) &&
			!instance_bind(&instance, &child, NULL),
		"signals: a tenant is bound");
	child_let(&child, 0);
	done = &child.shared->word[WORD_DONE];
	end = now_ms() + CHILD_LIMIT_MS;
	while (!__atomic_load_n(done, __ATOMIC_ACQUIRE) && now_ms() < end) {
		kill(instance.pid, SIGSTOP);
		pause_ms(DAEMON_SLEEPS_MS);
		kill(instance.pid, SIGCONT);
		pause_ms(DAEMON_SERVES_MS);
	}
	check_eq(*done, 1, "signals: every fault is served in the end");
	check_compare(child.shared->word[WORD_SIGNALS], >, 5,
		      "signals: it got them meanwhile");
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0,
		 "signals: the data is right");
	instance_info(dev, instance.id, &info);
	check_eq(instance_fallbacks(&info), 0, "signals: no fault is lost");
	check_eq(info.bad_commands, 0, "signals: no answer is bad");
	check(instance_all_free(dev, instance.id, false, HOME_LIMIT_MS),
	      "signals: every frame is free again");
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
}
