/* SPDX-License-Identifier: MIT */
/*
 * The kernel's interface under everything that a daemon can do to it: daemons
 * that call at random, scribble over what they share and die, one after the
 * other on the same partition, while tenants use memory in every way.  What
 * must hold: no report of the kernel, no frame where it must not be, an
 * undisturbed neighbour, and all frames home at the end.
 *
 * An argument is the seed, to go through the same calls again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/client.h"
#include "fuzz/fuzz.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/load.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#define LIMIT_S 300
/* Answers and writes to shared memory come on top of them. */
#define CALLS 30000
#define CALLS_SOAK 300000
/* All three together. */
#define OPERATIONS_SOAK 10000000
/* One call takes that much longer with checkers in the kernel. */
#define CHECKING_SLOWER 20
/* Each round is another daemon, which ends in another way. */
#define ROUNDS 8
#define ROUNDS_SOAK 200
#define ROUNDS_SOAK_CHECKING 30
#define ROUND_LIMIT_MS 200000
#define LOOK_EVERY_MS 20
/* Looks between two times that a shrunk partition is made whole. */
#define GROW_EVERY 2
#define FREE_LIMIT_MS 60000
#define SEED 1

#define GROUP "/sys/fs/cgroup/usm-fuzz"

struct test {
	int dev;
	struct stage *stage;
	struct child tenants[FUZZ_TENANTS];
	uint32_t restarted;
	uint32_t looks;
	/* In all rounds. */
	uint64_t calls;
	uint64_t answers;
	uint64_t writes;
	bool killed; /* the tenants are no more */
};

/* ---- tenants ------------------------------------------------------------------- */

static void start_tenant(struct test *test, uint32_t i)
{
	struct child *child = &test->tenants[i];
	char pid[16];

	child_start(child, tenant_main, test->stage);
	snprintf(pid, sizeof(pid), "%d", (int)child->pid);
	if (file_write(GROUP "/cgroup.procs", pid))
		require(false, "a tenant joins the cgroup");
	child->shared->word[TENANT_SEED] = test->stage->seed + i;
	child_let(child, 0);
	if (!child_reached(child, 1))
		require(false, "a tenant starts");
	child_let(child, 1);
}

static bool has_ended(const struct child *child)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)child->pid, &info,
		      WEXITED | WNOHANG | WNOWAIT) ||
	       info.si_pid;
}

/* Their policy's answers kill them, sooner or later. */
static void look_after_tenants(struct test *test)
{
	uint32_t i;

	for (i = 0; i < FUZZ_TENANTS; i++) {
		if (has_ended(&test->tenants[i])) {
			child_end(&test->tenants[i], CHILD_LIMIT_MS);
			start_tenant(test, i);
			test->restarted++;
		}
		/* What the daemon may have undone. */
		usm_client_bind(test->dev, test->stage->instance,
				test->tenants[i].pidfd, USM_INHERIT_ALL, NULL);
	}
	if (test->looks++ % GROW_EVERY == 0)
		usm_client_resize(test->dev, test->stage->instance, FUZZ_FRAMES,
				  NULL);
}

static void kill_tenants(struct test *test)
{
	uint32_t i;

	/* Their children as well. */
	check_eq(file_write(GROUP "/cgroup.kill", "1"), 0,
		 "the tenants are killed");
	for (i = 0; i < FUZZ_TENANTS; i++)
		check_eq(child_end(&test->tenants[i], CHILD_LIMIT_MS),
			 128 + SIGKILL, "a tenant can be killed");
}

/* Destroyed by its own daemon: it ends when nobody has its frames any more. */
static void end_dying(struct test *test)
{
	struct usm_instance_info info;
	uint32_t i;

	if (!test->stage->instance ||
	    instance_info(test->dev, test->stage->instance, &info) ||
	    info.state != USM_INSTANCE_DYING)
		return;
	test_note("instance %u was destroyed", test->stage->instance);
	kill_tenants(test);
	check(instance_gone(test->dev, test->stage->instance, FREE_LIMIT_MS),
	      "all of it came back");
	for (i = 0; i < FUZZ_TENANTS; i++)
		start_tenant(test, i);
}

/* ---- rounds ----------------------------------------------------------------------- */

enum ending {
	ENDS,
	KILLED_IDLE,
	KILLED_BUSY,
	ENDINGS,
};

static uint64_t calls_now(const struct stage *stage)
{
	return __atomic_load_n(&stage->calls, __ATOMIC_RELAXED);
}

/* Until its quota is reached, or (KILLED_BUSY) half of it. */
static bool runs(struct test *test, struct child *daemon, enum ending ending)
{
	struct stage *stage = test->stage;
	uint64_t end = now_ms() + ROUND_LIMIT_MS;

	while (now_ms() < end && !has_ended(daemon)) {
		if (__atomic_load_n(&daemon->shared->reached,
				    __ATOMIC_ACQUIRE) > 2)
			return true;
		if (ending == KILLED_BUSY &&
		    calls_now(stage) > stage->quota / 2)
			return true;
		look_after_tenants(test);
		pause_ms(LOOK_EVERY_MS);
	}
	return false;
}

static bool is_attached(const struct test *test)
{
	struct usm_instance_info info;

	return !instance_info(test->dev, test->stage->instance, &info) &&
	       (info.state == USM_INSTANCE_ATTACHED ||
		info.state == USM_INSTANCE_QUARANTINED);
}

/* How lively it was. */
static void describe(const struct test *test)
{
	struct usm_instance_info info;
	uint64_t steps = 0;
	uint32_t i;

	for (i = 0; i < FUZZ_TENANTS && !test->killed; i++)
		steps += test->tenants[i].shared->word[TENANT_STEPS];
	if (instance_info(test->dev, test->stage->instance, &info))
		return;
	test_note(
		"state %u, %u members, %u frames, %u free, %u mapped, %u evicted; %llu upcalls, %llu evictions, %llu swap-ins, %llu quarantines; tenants did %llu steps",
		info.state, info.nr_members, info.owned,
		info.frames[USM_FRAME_FREE], info.frames[USM_FRAME_MAPPED],
		info.evicted, (unsigned long long)info.upcalls,
		(unsigned long long)info.evictions,
		(unsigned long long)info.swapins,
		(unsigned long long)info.quarantines,
		(unsigned long long)steps);
}

static void one_round(struct test *test, uint64_t quota,
		      const struct instance *neighbour,
		      const struct child *neighbours_tenant)
{
	struct stage *stage = test->stage;
	enum ending ending = stage->round % ENDINGS;
	struct child daemon;
	uint32_t i;
	int code;

	end_dying(test);
	stage->calls = stage->answers = stage->writes = 0;
	stage->quota = quota;
	stage->privileged = stage->round / ENDINGS % 2;
	/* Those that do not get further with their calls. */
	stage->scribbles = stage->round % 2;
	for (i = 0; i < FUZZ_TENANTS; i++)
		stage->tenant_pidfd[i] = test->tenants[i].pidfd;
	child_start(&daemon, daemon_main, stage);
	child_let(&daemon, 0);
	require(child_reached(&daemon, 1), "round %u: a daemon%s", stage->round,
		stage->privileged ? " with all rights" : "");
	look_after_tenants(test);
	child_let(&daemon, 1);
	check(runs(test, &daemon, ending), "round %u: it comes to its end",
	      stage->round);
	if (ending != KILLED_BUSY && !has_ended(&daemon) && is_attached(test))
		check_places(test->tenants, FUZZ_TENANTS, daemon.pid,
			     "fuzzer's");
	check_places(neighbours_tenant, 1, neighbour->pid, "neighbour's");
	describe(test);
	if (ending != ENDS)
		kill(daemon.pid, SIGKILL);
	child_let(&daemon, 2);
	code = child_end(&daemon, CHILD_LIMIT_MS);
	check_eq(code, ending == ENDS ? 0 : 128 + SIGKILL, "it ends");
	test->calls += stage->calls;
	test->answers += stage->answers;
	test->writes += stage->writes;
	check(load_moves_on(neighbours_tenant, 16, CHILD_LIMIT_MS),
	      "the neighbour's tenant moves on");
}

static uint64_t operations(const struct test *test)
{
	return test->calls + test->answers + test->writes;
}

/* How far the calls went: one that never succeeds is not tested. */
static void report(const struct test *test)
{
	const struct stage *stage = test->stage;
	uint32_t i;

	test_note("%llu calls, %llu answers, %llu writes to shared memory",
		  (unsigned long long)test->calls,
		  (unsigned long long)test->answers,
		  (unsigned long long)test->writes);
	for (i = 0; i < nr_commands; i++)
		test_note("%-14s %9llu calls, %9llu done, %9llu ms",
			  commands[i].name, (unsigned long long)stage->tried[i],
			  (unsigned long long)stage->done[i],
			  (unsigned long long)stage->spent_ms[i]);
}

static void note_file(int pid, const char *name)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		test_note("%s %s", path, line);
	if (file)
		fclose(file);
}

/* Who is still there, and where in the kernel. */
static void note_processes(void)
{
	FILE *file = fopen(GROUP "/cgroup.procs", "re");
	int pid;

	while (file && fscanf(file, "%d", &pid) == 1) {
		note_file(pid, "stat");
		note_file(pid, "stack");
	}
	if (file)
		fclose(file);
}

static void destroy(struct test *test, uint32_t id)
{
	int err;

	/* Evicted pages of those that were killed are found missing later. */
	wait_until(FREE_LIMIT_MS,
		   (err = usm_client_destroy(test->dev, id)) != -EBUSY);
	if (!check(err == 0 || err == -ENODEV, "the partition is given up (%d)",
		   err)) {
		describe(test);
		note_processes();
	}
	check(instance_gone(test->dev, id, FREE_LIMIT_MS),
	      "all of it came back");
}

static struct stage *make_stage(uint64_t seed)
{
	struct stage *stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (stage == MAP_FAILED)
		require(false, "shared memory");
	stage->seed = seed;
	require(!mkdir(GROUP, 0755), "a cgroup of its own");
	stage->cgroup_fd = open(GROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return stage;
}

int main(int argc, char **argv)
{
	const struct instance_options options = {
		.name = "neighbour",
		.memory = "16M",
	};
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : SEED;
	uint64_t calls = test_count(CALLS, CALLS_SOAK), quota;
	uint32_t rounds = test_count(ROUNDS, ROUNDS_SOAK), i, id;
	struct instance neighbour;
	struct child neighbours_tenant;
	struct usm_instance_info info;
	struct usm_info before, after;
	struct test test = { 0 };

	test_begin(LIMIT_S);
	quota = calls / rounds;
	if (test_checking()) {
		calls /= CHECKING_SLOWER;
		rounds = test_soak() ? ROUNDS_SOAK_CHECKING : rounds;
		quota = calls / rounds;
	}
	test_note("seed %llu", (unsigned long long)seed);
	test.dev = device_open();
	require(!usm_client_info(test.dev, &before), "the pool is read");
	instance_start(&neighbour, test.dev, &options);
	child_start(&neighbours_tenant, load_main, NULL);
	require(!instance_bind(&neighbour, &neighbours_tenant, NULL),
		"the neighbour's tenant");
	child_let(&neighbours_tenant, 0);

	test.stage = make_stage(seed);
	test.stage->neighbour = neighbour.id;
	for (i = 0; i < FUZZ_TENANTS; i++)
		start_tenant(&test, i);
	/* Those that were killed early leave work for some more. */
	for (i = 0; i < rounds || test.calls < calls ||
		    (test_soak() && operations(&test) < OPERATIONS_SOAK);
	     i++) {
		test.stage->round = i;
		test.stage->seed = seed * 1000003 + (uint64_t)i * 10000;
		one_round(&test, quota, &neighbour, &neighbours_tenant);
		test_note("%llu calls, %llu operations so far",
			  (unsigned long long)test.calls,
			  (unsigned long long)operations(&test));
	}
	report(&test);
	test_note("%u tenants died of it", test.restarted);
	id = test.stage->instance;
	test.stage->instance = neighbour.id;
	test_stranger(test.dev, test.stage);

	kill_tenants(&test);
	test.killed = true;
	test.stage->instance = id;
	destroy(&test, id);
	check(wait_until(FREE_LIMIT_MS, !rmdir(GROUP)), "the cgroup is empty");
	check_eq(neighbours_tenant.shared->word[LOAD_BAD], 0,
		 "the neighbour's tenant never read a wrong page");
	check_eq(load_end(&neighbours_tenant, CHILD_LIMIT_MS), 0, "it ends");
	instance_info(test.dev, neighbour.id, &info);
	check_eq(info.bad_commands, 0, "no bad command counts against it");
	check_eq(instance_stop(&neighbour), 0, "the neighbour ends");
	check(wait_until(FREE_LIMIT_MS,
			 !usm_client_info(test.dev, &after) &&
				 after.free_frames == before.free_frames),
	      "the pool is whole again");
	close(test.dev);
	return test_end();
}
