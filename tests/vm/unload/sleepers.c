/* SPDX-License-Identifier: MIT */
#include "unload/sleepers.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/child.h"
#include "lib/pattern.h"

#define STACK_BYTES (64 * 1024)
#define THREADS_MAX 1024
#define SEED 99
/* More than the test ever has. */
#define FDS_MAX 256
#define ASLEEP_LIMIT_MS 60000

struct thread {
	pthread_t id;
	void *buffer;
	size_t page;
	size_t bad;
};

static void *touch(void *arg)
{
	struct thread *thread = arg;

	thread->bad = pattern_bad_page(thread->buffer, thread->page, SEED);
	return NULL;
}

/* A userfaultfd over the buffer, or -1. */
static int guard(void *buffer, size_t bytes)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (uintptr_t)buffer, bytes },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &range))
		return -1;
	return fd;
}

static int fill(int fd, void *buffer, size_t pages, void *source)
{
	size_t i;

	for (i = 0; i < pages; i++) {
		struct uffdio_copy copy = {
			.dst = (uintptr_t)buffer + i * PAGE_BYTES,
			.src = (uintptr_t)source + i * PAGE_BYTES,
			.len = PAGE_BYTES,
		};

		if (ioctl(fd, UFFDIO_COPY, &copy))
			return -1;
	}
	return 0;
}

/* Each thread's fault has arrived at the handler. */
static int all_asleep(int fd, size_t threads)
{
	struct uffd_msg message;
	size_t i;

	for (i = 0; i < threads; i++)
		if (read(fd, &message, sizeof(message)) != sizeof(message))
			return -1;
	return 0;
}

static int sleeper(const struct sleepers *sleepers, size_t threads, int begin)
{
	static struct thread thread[THREADS_MAX];
	void *buffer = pattern_map(threads * PAGE_BYTES);
	void *source = pattern_map(threads * PAGE_BYTES);
	pthread_attr_t attr;
	size_t i, bad = 0;
	char byte = 0;
	int fd;

	pattern_fill(source, 0, threads, 1, SEED);
	if (read(begin, &byte, 1) < 0)
		return 2;
	fd = guard(buffer, threads * PAGE_BYTES);
	if (fd < 0)
		return 3;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (i = 0; i < threads; i++) {
		thread[i] = (struct thread){ .buffer = buffer, .page = i };
		if (pthread_create(&thread[i].id, &attr, touch, &thread[i]))
			return 4;
	}
	if (all_asleep(fd, threads) || write(sleepers->asleep[1], "a", 1) != 1)
		return 5;
	if (read(sleepers->serve[0], &byte, 1) < 0 ||
	    fill(fd, buffer, threads, source))
		return 6;
	for (i = 0; i < threads; i++) {
		pthread_join(thread[i].id, NULL);
		bad += thread[i].bad;
	}
	return bad != 0;
}

/* An open device would keep the module. */
static void close_all_but(int a, int b, int c)
{
	int fd;

	for (fd = STDERR_FILENO + 1; fd < FDS_MAX; fd++)
		if (fd != a && fd != b && fd != c)
			close(fd);
}

static pid_t start_one(const struct sleepers *sleepers, size_t threads,
		       int *begin)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close_all_but(sleepers->serve[0], sleepers->asleep[1], ends[0]);
		_exit(sleeper(sleepers, threads, ends[0]));
	}
	close(ends[0]);
	*begin = ends[1];
	return pid;
}

void sleepers_start(struct sleepers *sleepers, unsigned int processes,
		    unsigned int threads, void (*before)(pid_t pid, void *arg),
		    void *arg)
{
	struct pollfd wait;
	unsigned int i;
	int begin = -1;
	char byte;

	sleepers->processes = processes;
	if (pipe2(sleepers->asleep, O_CLOEXEC) ||
	    pipe2(sleepers->serve, O_CLOEXEC))
		require(false, "pipes of the sleepers");
	for (i = 0; i < processes; i++) {
		sleepers->pid[i] = start_one(sleepers, threads, &begin);
		if (sleepers->pid[i] < 0)
			require(false, "a sleeper starts");
		if (before)
			before(sleepers->pid[i], arg);
		close(begin);
	}
	wait = (struct pollfd){ .fd = sleepers->asleep[0], .events = POLLIN };
	for (i = 0; i < processes; i++)
		require(poll(&wait, 1, ASLEEP_LIMIT_MS) == 1 &&
				read(sleepers->asleep[0], &byte, 1) == 1,
			"all threads of a process are asleep in faults");
}

unsigned int sleepers_end(struct sleepers *sleepers)
{
	unsigned int i, wrong = 0;

	close(sleepers->serve[1]);
	for (i = 0; i < sleepers->processes; i++)
		wrong += process_end(sleepers->pid[i], CHILD_LIMIT_MS) != 0;
	close(sleepers->serve[0]);
	close(sleepers->asleep[0]);
	close(sleepers->asleep[1]);
	return wrong;
}
