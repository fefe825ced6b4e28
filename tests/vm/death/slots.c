/* SPDX-License-Identifier: MIT */
/* More threads in faults than the channel has slots. */
#include <pthread.h>
#include <signal.h>

#include "death/death.h"
#include "lib/check.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#define SLOTS USM_SLOTS_MIN
#define THREADS (SLOTS + 36)
/* All threads are in their faults before the first of these is over. */
#define DEADLINE_MS 3000
#define HOME_LIMIT_MS 20000

#define STEP_READY 1

struct thread {
	pthread_t id;
	volatile char *page;
	uint32_t *go;
};

/* Has its stack by now; the page is its only fault. */
static void *touch(void *arg)
{
	struct thread *thread = arg;

	while (!__atomic_load_n(thread->go, __ATOMIC_ACQUIRE))
		pause_ms(POLL_EVERY_MS);
	*thread->page = 1;
	return NULL;
}

static int crowd(struct child *self, void *arg)
{
	volatile char *buffer = pattern_map(THREADS * PAGE_BYTES);
	struct thread thread[THREADS];
	uint32_t go = 0;
	size_t i, bad = 0;

	(void)arg;
	for (i = 0; i < THREADS; i++) {
		thread[i] = (struct thread){ .page = buffer + i * PAGE_BYTES,
					     .go = &go };
		if (pthread_create(&thread[i].id, NULL, touch, &thread[i]))
			return 2;
	}
	child_stop_at(self, STEP_READY);
	__atomic_store_n(&go, 1, __ATOMIC_RELEASE);
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i].id, NULL);
		bad += *thread[i].page != 1;
	}
	return bad != 0;
}

void test_few_slots(int dev)
{
	const struct instance_options options = {
		.name = "crowded",
		.memory = "4M",
		.deadline_ms = DEADLINE_MS,
		.slots = SLOTS,
	};
	struct usm_instance_info info;
	struct instance instance;
	struct child child;

	instance_start(&instance, dev, &options);
	child_start(&child, crowd, NULL);
	require(child_reached(&child, 0) &&
			!instance_bind(&instance, &child, NULL),
		"few slots: a tenant is bound");
	child_let(&child, 0);
	require(child_reached(&child, STEP_READY), "few slots: threads start");
	kill(instance.pid, SIGSTOP);
	child_let(&child, STEP_READY);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0,
		 "few slots: the data is right");
	instance_info(dev, instance.id, &info);
	check_compare(info.fallbacks[USM_FALLBACK_NO_SLOT], >, 0,
		      "few slots: faults without a slot are counted");
	check_compare(info.fallbacks[USM_FALLBACK_LATE], >, 0,
		      "few slots: those with one are late");
	kill(instance.pid, SIGCONT);
	check(instance_all_free(dev, instance.id, false, HOME_LIMIT_MS),
	      "few slots: every frame is free again");
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
}
