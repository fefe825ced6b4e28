/* SPDX-License-Identifier: MIT */
/*
 * A partition that is full, no page that could go: what becomes of the next
 * fault is policy.oom's to say.  Nobody's data is the worse for it.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "instance/reaper/reaper.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"
#include "lib/raw_daemon.h"
#include "lib/wait.h"

#define LIMIT_S 200
#define MEMORY "4M"
#define FRAMES 1024
#define HOLDER_PAGES 900
#define ASKER_PAGES 300 /* more than is left */
#define DEADLINE_MS 8000
#define HOME_MS 20000
#define SEED 7
#define NOBODY 65534

/* Long enough for a fault to find nothing, and to be tried again. */
#define SHORTAGE_MS 300

/* The test lets it on: it gives everything back. */
#define STEP_GIVE_BACK 2

static int toucher_main(struct child *self, void *arg)
{
	const size_t *pages = arg;
	void *buffer = pattern_map(*pages * PAGE_BYTES);
	size_t bad;

	pattern_fill(buffer, 0, *pages, 1, SEED);
	child_stop_at(self, 1);
	bad = pattern_bad(buffer, 0, *pages, 1, SEED);
	if (munmap(buffer, *pages * PAGE_BYTES) || bad)
		return 1;
	child_stop_at(self, STEP_GIVE_BACK);
	return 0;
}

static void start(struct child *child, const struct instance *instance,
		  size_t *pages)
{
	child_start(child, toucher_main, pages);
	require(child_reached(child, 0) &&
			!instance_bind(instance, child, NULL),
		"a member is bound");
	child_let(child, 0);
}

static bool has_touched_all(const struct child *child)
{
	return __atomic_load_n(&child->shared->reached, __ATOMIC_SEQ_CST) > 1;
}

static void expect_right(struct child *child, const char *what)
{
	child_let(child, 1);
	child_let(child, STEP_GIVE_BACK);
	check_eq(child_end(child, CHILD_LIMIT_MS), 0, "%s: its data is right",
		 what);
}

static uint64_t fallbacks(const struct instance *instance)
{
	struct usm_instance_info info;

	require(!instance_info(instance->dev, instance->id, &info),
		"it is there");
	return instance_fallbacks(&info);
}

static void end(struct instance *instance, const char *what)
{
	check(instance_all_free(instance->dev, instance->id, true, HOME_MS),
	      "%s: every frame is free again", what);
	check_eq(instance_stop(instance), 0, "%s: the daemon ends", what);
}

static void begin(struct instance *instance, int dev, const char *oom,
		  unsigned int workers, struct child *holder,
		  struct child *asker)
{
	static size_t holder_pages = HOLDER_PAGES, asker_pages = ASKER_PAGES;
	const struct instance_options options = {
		.name = oom,
		.memory = MEMORY,
		.oom = oom,
		.workers = workers,
		.deadline_ms = DEADLINE_MS,
	};

	instance_start(instance, dev, &options);
	start(holder, instance, &holder_pages);
	require(child_reached(holder, 1), "%s: one has most of the frames",
		oom);
	start(asker, instance, &asker_pages);
}

static void test_fallback(int dev)
{
	struct child holder, asker;
	struct instance instance;

	begin(&instance, dev, "fallback", 1, &holder, &asker);
	check(child_reached(&asker, 1), "fallback: the other goes on");
	check_compare(fallbacks(&instance), >=,
		      HOLDER_PAGES + ASKER_PAGES - FRAMES,
		      "fallback: by the kernel's memory");
	expect_right(&asker, "fallback: the other");
	expect_right(&holder, "fallback: the one");
	end(&instance, "fallback");
}

static void test_stall(int dev)
{
	struct child holder, asker;
	struct instance instance;

	begin(&instance, dev, "stall", 1, &holder, &asker);
	pause_ms(SHORTAGE_MS);
	check(!has_touched_all(&asker), "stall: the other waits");
	child_let(&holder, 1);
	check(child_reached(&asker, 1), "stall: until there are frames");
	check_eq(fallbacks(&instance), 0, "stall: of the partition");
	child_let(&holder, STEP_GIVE_BACK);
	check_eq(child_end(&holder, CHILD_LIMIT_MS), 0,
		 "stall: the one's data was right");
	expect_right(&asker, "stall: the other");
	end(&instance, "stall");
}

static void test_kill_largest(int dev, unsigned int workers)
{
	struct child holder, asker;
	struct instance instance;

	begin(&instance, dev, "kill-largest", workers, &holder, &asker);
	check_eq(child_end(&holder, CHILD_LIMIT_MS), 128 + SIGKILL,
		 "kill-largest: who has most frames is killed");
	check(child_reached(&asker, 1), "kill-largest: the other goes on");
	check_eq(fallbacks(&instance), 0,
		 "kill-largest: with frames of the partition");
	expect_right(&asker, "kill-largest: the other");
	end(&instance, "kill-largest");
}

/*
 * The instance that a reaper was told of ends, and another one gets its number:
 * whoever still speaks to that reaper has nobody of the other one killed.
 */
static void test_reaper_of_another(int dev)
{
	static size_t pages = HOLDER_PAGES;
	const struct instance_options options = {
		.name = "other",
		.memory = MEMORY,
	};
	struct usm_failure failure = { .text = "" };
	struct usm_reaper *reaper = NULL;
	struct instance instance;
	struct raw_daemon gone;
	struct child member;
	uint32_t id;

	require(!usm_reaper_start(NULL, NOBODY, NOBODY, &reaper, &failure),
		"a reaper starts: %s", failure.text);
	raw_daemon_open(&gone, "gone", FRAMES, 0, DEADLINE_MS);
	id = gone.claim.instance;
	require(!usm_reaper_serve(reaper, id), "it serves");
	raw_daemon_close(&gone);
	require(instance_gone(dev, id, HOME_MS), "its instance ends");
	instance_start(&instance, dev, &options);
	check_eq(instance.id, id, "another one has its number");
	start(&member, &instance, &pages);
	require(child_reached(&member, 1), "and a member with frames");
	usm_reaper_ask(reaper);
	pause_ms(SHORTAGE_MS);
	expect_right(&member, "who is not the reaper's to kill");
	usm_reaper_stop(reaper);
	end(&instance, "other");
}

int main(void)
{
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	test_fallback(dev);
	test_stall(dev);
	test_kill_largest(dev, 1);
	test_kill_largest(dev, 2);
	test_reaper_of_another(dev);
	return test_end();
}
