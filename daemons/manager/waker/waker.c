// SPDX-License-Identifier: MIT
#include "waker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/client/device.h"
#include "common/client/waker.h"
#include "doorbells.h"
#include "log.h"
#include "ring.h"

#define THREAD_NAME "usmWaker"

/* Interrupts WAKER_WAIT; nothing else in the manager uses it. */
#define STOP_SIGNAL SIGUSR1

/* A stop that came just before the thread went to sleep is sent again. */
#define STOP_RETRY_NS 10000000L

/* Ahead of tenants where real-time scheduling is not permitted. */
#define WAKER_NICE (-15)

struct usm_waker_thread {
	pthread_t thread;
	int fd;
	bool stop; /* atomic */
	const struct usm_transport *transport;
	struct usm_doorbells *doorbells;
};

static void on_stop_signal(int signal)
{
	(void)signal;
}

static void raise_priority(void)
{
	const struct sched_param least = { .sched_priority = 1 };

	if (pthread_setschedparam(pthread_self(), SCHED_RR, &least))
		setpriority(PRIO_PROCESS, (id_t)gettid(), WAKER_NICE);
}

static void ring_all(struct usm_waker_thread *waker,
		     const uint64_t rung[USM_RUNG_WORDS])
{
	for (uint32_t word = 0; word < USM_RUNG_WORDS; word++) {
		uint64_t bits = rung[word];

		while (bits) {
			uint32_t bit = (uint32_t)__builtin_ctzll(bits);
			struct usm_channel *page;

			bits &= bits - 1;
			if (!usm_doorbells_get(waker->doorbells,
					       word * 64 + bit, &page))
				usm_ring(page, waker->transport);
		}
	}
}

/* Faults are not lost: an unanswered notification makes the kernel take over. */
static void *given_up(int ret)
{
	usm_log(LOG_ERR, "the waker ends, the kernel wakes workers itself: %s",
		strerror(-ret));
	return NULL;
}

static void *run(void *data)
{
	struct usm_waker_thread *waker = data;
	uint64_t rung[USM_RUNG_WORDS];
	sigset_t stop;

	pthread_setname_np(pthread_self(), THREAD_NAME);
	sigemptyset(&stop);
	sigaddset(&stop, STOP_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
	raise_priority();
	while (!__atomic_load_n(&waker->stop, __ATOMIC_ACQUIRE)) {
		int ret = usm_client_waker_wait(waker->fd, -1, rung);

		if (!ret)
			ring_all(waker, rung);
		else if (ret != -EINTR && ret != -EAGAIN)
			return given_up(ret);
	}
	return NULL;
}

static void free_waker(struct usm_waker_thread *waker)
{
	usm_doorbells_free(waker->doorbells);
	if (waker->fd >= 0)
		close(waker->fd);
	free(waker);
}

int usm_waker_start(const struct usm_transport *transport,
		    struct usm_waker_thread **out)
{
	struct sigaction action = { .sa_handler = on_stop_signal };
	struct usm_waker_thread *waker = calloc(1, sizeof(*waker));
	int ret;

	if (!waker)
		return -ENOMEM;
	waker->transport = transport;
	waker->fd = -1;
	ret = usm_client_open(NULL, &waker->fd);
	if (!ret)
		ret = usm_doorbells_new(waker->fd, &waker->doorbells);
	if (!ret)
		ret = usm_client_waker(waker->fd);
	if (!ret && sigaction(STOP_SIGNAL, &action, NULL))
		ret = -errno;
	if (!ret)
		ret = -pthread_create(&waker->thread, NULL, run, waker);
	if (ret) {
		free_waker(waker);
		return ret;
	}
	*out = waker;
	return 0;
}

void usm_waker_stop(struct usm_waker_thread *waker)
{
	struct timespec until;

	if (!waker)
		return;
	__atomic_store_n(&waker->stop, true, __ATOMIC_RELEASE);
	do {
		pthread_kill(waker->thread, STOP_SIGNAL);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += STOP_RETRY_NS;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_nsec -= 1000000000L;
			until.tv_sec++;
		}
	} while (pthread_timedjoin_np(waker->thread, NULL, &until) ==
		 ETIMEDOUT);
	free_waker(waker);
}
