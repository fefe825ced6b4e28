/* SPDX-License-Identifier: MIT */
/* A thousand members asleep in the module's own wait. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "unload/module.h"
#include "unload/unload.h"

#define PROCESSES 8
#define THREADS 125
/* Going to sleep one after the other takes them longer than the deadline. */
#define THREADS_CHECKING 25
#define STACK_BYTES (64 * 1024)
#define SEED 5
#define WORD_READY 0 /* threads that wait to begin */
#define WORD_BEGUN 1 /* threads on their way into the fault */
#define WORD_DONE 2 /* threads whose fault was served */
/* From "about to touch" to "asleep", on a busy host. */
#define SETTLE_MS 500

static size_t threads(void)
{
	return test_checking() ? THREADS_CHECKING : THREADS;
}

struct thread {
	pthread_t id;
	uint64_t *word;
	int begin; /* a pipe that is closed when they are to begin */
	void *buffer;
	size_t page;
};

static uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void add(uint64_t *p)
{
	__atomic_add_fetch(p, 1, __ATOMIC_ACQ_REL);
}

static void *touch(void *arg)
{
	struct thread *thread = arg;
	char byte;

	add(&thread->word[WORD_READY]);
	if (read(thread->begin, &byte, 1))
		return NULL;
	add(&thread->word[WORD_BEGUN]);
	pattern_fill_page(thread->buffer, thread->page, SEED);
	add(&thread->word[WORD_DONE]);
	return NULL;
}

static int touch_together(struct child *self, void *arg)
{
	static struct thread thread[THREADS];
	void *buffer = pattern_map(THREADS * PAGE_BYTES);
	const int *begin = arg;
	pthread_attr_t attr;
	size_t i;

	close(begin[1]);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (i = 0; i < threads(); i++) {
		thread[i] = (struct thread){
			.word = self->shared->word,
			.begin = begin[0],
			.buffer = buffer,
			.page = i,
		};
		if (pthread_create(&thread[i].id, &attr, touch, &thread[i]))
			return 2;
	}
	for (i = 0; i < threads(); i++)
		pthread_join(thread[i].id, NULL);
	return (int)pattern_bad(buffer, 0, threads(), 1, SEED);
}

static uint64_t sum(const struct child *children, unsigned int word)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < PROCESSES; i++)
		total += load(&children[i].shared->word[word]);
	return total;
}

static void start_all(struct child *children, const struct instance *instance,
		      int *begin)
{
	uint32_t member;
	bool ready;
	size_t i;

	for (i = 0; i < PROCESSES; i++) {
		child_start(&children[i], touch_together, begin);
		child_let(&children[i], 0);
	}
	ready = wait_until(CHILD_LIMIT_MS,
			   sum(children, WORD_READY) == PROCESSES * threads());
	require(ready, "a thousand threads are ready");
	for (i = 0; i < PROCESSES; i++)
		require(!instance_bind(instance, &children[i], &member),
			"a process is bound");
}

/* The signal alone stops nobody before each thread has seen it. */
static void stop(const struct instance *instance)
{
	siginfo_t info;

	kill(instance->pid, SIGSTOP);
	require(!waitid(P_PID, (id_t)instance->pid, &info, WSTOPPED),
		"the daemon is stopped");
}

void test_asleep_in_wait(void)
{
	const struct instance_options options = {
		.name = "stopped",
		.memory = "16M",
		.deadline_ms = USM_DEADLINE_MS_MAX,
	};
	struct child children[PROCESSES];
	struct usm_instance_info info;
	struct instance instance;
	size_t i, right = 0;
	uint64_t start;
	bool begun;
	int dev = device_open(), begin[2];

	instance_start(&instance, dev, &options);
	if (pipe2(begin, O_CLOEXEC))
		require(false, "a pipe");
	start_all(children, &instance, begin);
	stop(&instance);
	start = now_ms();
	close(begin[1]);
	begun = wait_until(USM_DEADLINE_MS_MAX,
			   sum(children, WORD_BEGUN) == PROCESSES * threads());
	check(begun, "all of them fault");
	pause_ms(SETTLE_MS);
	check_eq(sum(children, WORD_DONE), 0, "and sleep");
	check_eq(module_unload(), -EAGAIN, "unloading is refused");
	check_eq(sum(children, WORD_DONE), 0, "which wakes none of them");
	test_note("asleep after %llu ms",
		  (unsigned long long)(now_ms() - start));
	kill(instance.pid, SIGCONT);
	for (i = 0; i < PROCESSES; i++)
		right += child_end(&children[i], CHILD_LIMIT_MS) == 0;
	check_eq(right, PROCESSES, "all of them have their data");
	instance_info(dev, instance.id, &info);
	check_compare(info.upcalls, >=, PROCESSES * threads(),
		      "from the policy, when it went on");
	check_eq(info.fallbacks[USM_FALLBACK_LATE], 0, "in time");
	check_eq(instance_stop(&instance), 0, "the instance ends cleanly");
	close(begin[0]);
	close(dev);
	check_eq(module_unload_soon(UNLOAD_LIMIT_MS), 0, "then it unloads");
	check(!module_left_traces(), "and leaves nothing behind");
	require(!module_load(NULL), "it loads again");
}
