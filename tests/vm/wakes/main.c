/* SPDX-License-Identifier: MIT */
/*
 * Who wakes a worker that sleeps: the manager while it answers, the kernel when
 * there is none, or it is stopped, or dead; and no fault is lost on the way.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/manager.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#define LIMIT_S 150
/* Half of it is the manager's time to answer, also on a busy host. */
#define DEADLINE_MS 4000
#define PHASE_FAULTS 100
#define PHASE_LIMIT_MS 60000
/* Long enough for the worker to fall asleep between two faults. */
#define PACE_MS 3

#define WORD_STOP 0
#define WORD_PAGES 1
#define WORD_BAD 2

struct stage {
	struct instance instance;
	struct usm_channel *doorbell;
	struct child child;
};

/* What was counted at one moment. */
struct count {
	struct usm_instance_info info;
	uint64_t waker; /* rings by the manager, as the doorbell says */
};

static int paced(struct child *self, void *arg)
{
	uint64_t *word = self->shared->word, i;
	void *page = pattern_map(PAGE_BYTES);

	(void)arg;
	for (i = 0; !__atomic_load_n(&word[WORD_STOP], __ATOMIC_RELAXED); i++) {
		word[WORD_BAD] += pattern_nonzero(page, 0, 1);
		pattern_fill_page(page, 0, i);
		word[WORD_BAD] += pattern_bad_page(page, 0, i);
		madvise(page, PAGE_BYTES, MADV_DONTNEED);
		__atomic_add_fetch(&word[WORD_PAGES], 1, __ATOMIC_RELAXED);
		pause_ms(PACE_MS);
	}
	return word[WORD_BAD] != 0;
}

static void count(const struct stage *stage, struct count *out)
{
	if (instance_info(stage->instance.dev, stage->instance.id, &out->info))
		require(false, "the instance is listed");
	out->waker = __atomic_load_n(
		&stage->doorbell->doorbell[0].wakes[USM_WAKE_WAKER],
		__ATOMIC_RELAXED);
}

/* Lets the tenant fault for a while; the counts before and after. */
static void run_phase(struct stage *stage, const char *phase,
		      struct count *before, struct count *after)
{
	uint64_t *pages = &stage->child.shared->word[WORD_PAGES];
	uint64_t aim;

	count(stage, before);
	aim = __atomic_load_n(pages, __ATOMIC_RELAXED) + PHASE_FAULTS;
	check(wait_until(PHASE_LIMIT_MS,
			 __atomic_load_n(pages, __ATOMIC_RELAXED) >= aim),
	      "%s: the tenant goes on", phase);
	count(stage, after);
	check_compare(after->info.upcalls - before->info.upcalls, >=,
		      PHASE_FAULTS / 2, "%s: the policy serves", phase);
	check_eq(instance_fallbacks(&after->info),
		 instance_fallbacks(&before->info), "%s: no fault is lost",
		 phase);
}

static void by_kernel(struct stage *stage, const char *phase)
{
	struct count before, after;

	run_phase(stage, phase, &before, &after);
	check_compare(after.info.wakes_kernel, >, before.info.wakes_kernel,
		      "%s: the kernel wakes the worker", phase);
	check_eq(after.waker, before.waker, "%s: the manager does not", phase);
}

static void by_manager(struct stage *stage, const char *phase)
{
	struct count before, after;

	run_phase(stage, phase, &before, &after);
	check_compare(after.waker, >, before.waker,
		      "%s: the manager wakes the worker", phase);
	check_compare(after.info.waker_notified, >, before.info.waker_notified,
		      "%s: the kernel tells the manager", phase);
	check_eq(after.info.wakes_kernel, before.info.wakes_kernel,
		 "%s: the kernel wakes nobody", phase);
}

static bool waker_answers(int dev)
{
	struct usm_info info;

	return !usm_client_info(dev, &info) && info.waker;
}

static void try_all(struct stage *stage)
{
	int dev = stage->instance.dev;
	pid_t manager;

	by_kernel(stage, "no manager");
	manager = manager_start(dev);
	by_manager(stage, "manager");
	kill(manager, SIGSTOP);
	require(waitpid(manager, NULL, WUNTRACED) == manager,
		"the manager stops");
	by_kernel(stage, "manager stopped");
	check(!waker_answers(dev), "the kernel says that it does not answer");
	kill(manager, SIGCONT);
	check(wait_until(PHASE_LIMIT_MS, waker_answers(dev)),
	      "a manager that goes on is the waker again");
	by_manager(stage, "manager that goes on");
	kill(manager, SIGKILL);
	process_end(manager, PHASE_LIMIT_MS);
	by_kernel(stage, "manager killed");
	manager = manager_start(dev);
	by_manager(stage, "next manager");
	check_eq(manager_stop(manager), 0, "it ends cleanly");
	by_kernel(stage, "manager ended");
}

int main(void)
{
	const struct instance_options options = {
		.name = "woken",
		.memory = "4M",
		.deadline_ms = DEADLINE_MS,
	};
	struct stage stage;
	unsigned int round;
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	instance_start(&stage.instance, dev, &options);
	require(!usm_client_map_doorbell(dev, stage.instance.id,
					 &stage.doorbell),
		"the doorbell can be read");
	child_start(&stage.child, paced, NULL);
	require(child_reached(&stage.child, 0) &&
			!instance_bind(&stage.instance, &stage.child, NULL),
		"a tenant is bound");
	child_let(&stage.child, 0);

	for (round = 0; round < test_count(1, 50); round++)
		try_all(&stage);

	__atomic_store_n(&stage.child.shared->word[WORD_STOP], 1,
			 __ATOMIC_RELAXED);
	check_eq(child_end(&stage.child, CHILD_LIMIT_MS), 0,
		 "the data is right");
	usm_client_unmap(stage.doorbell, USM_FRAME_BYTES);
	check_eq(instance_stop(&stage.instance), 0, "the daemon ends cleanly");
	return test_end();
}
