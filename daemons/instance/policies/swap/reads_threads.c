/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "instance/policies/swap/reads.h"

/*
 * Enough to keep a disk busy with the reads of a few faulting threads.  More
 * would only be stacks: this is the way for machines that forbid io_uring.
 */
#define THREADS 4

struct read {
	uint64_t token;
	char *page;
	off_t at;
};

struct reads {
	int fd;
	pthread_t thread[THREADS];
	unsigned int nr_threads;
	void (*wake)(void *ctx);
	void *wake_ctx;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t asked;
	bool stop;
	uint32_t under_way; /* waiting, being read, or not reaped */
	struct read waiting[USM_READS_MAX]; /* a ring */
	uint32_t first, nr_waiting;
	struct usm_swap_done done[USM_READS_MAX];
	uint32_t nr_done;
};

static int threads_begin(void *ctx, off_t at, void *page, uint64_t token)
{
	struct reads *reads = ctx;
	int err = -EAGAIN;

	pthread_mutex_lock(&reads->lock);
	if (reads->under_way < USM_READS_MAX) {
		uint32_t last = reads->first + reads->nr_waiting++;

		reads->waiting[last % USM_READS_MAX] = (struct read){
			.token = token,
			.page = page,
			.at = at,
		};
		reads->under_way++;
		pthread_cond_signal(&reads->asked);
		err = 0;
	}
	pthread_mutex_unlock(&reads->lock);
	return err;
}

static uint32_t threads_reap(void *ctx, struct usm_swap_done *done, uint32_t nr)
{
	struct reads *reads = ctx;
	uint32_t taken = 0;

	pthread_mutex_lock(&reads->lock);
	while (taken < nr && reads->nr_done)
		done[taken++] = reads->done[--reads->nr_done];
	reads->under_way -= taken;
	pthread_mutex_unlock(&reads->lock);
	return taken;
}

/* Waits for a read; false: there will be none. */
static bool take(struct reads *reads, struct read *out)
{
	bool stop;

	pthread_mutex_lock(&reads->lock);
	while (!reads->nr_waiting && !reads->stop)
		pthread_cond_wait(&reads->asked, &reads->lock);
	stop = reads->stop;
	if (!stop) {
		*out = reads->waiting[reads->first];
		reads->first = (reads->first + 1) % USM_READS_MAX;
		reads->nr_waiting--;
	}
	pthread_mutex_unlock(&reads->lock);
	return !stop;
}

static void give(struct reads *reads, uint64_t token, int result)
{
	pthread_mutex_lock(&reads->lock);
	reads->done[reads->nr_done++] = (struct usm_swap_done){
		.token = token,
		.result = result,
	};
	pthread_mutex_unlock(&reads->lock);
	reads->wake(reads->wake_ctx);
}

static void *run(void *arg)
{
	struct reads *reads = arg;
	struct read read;

	pthread_setname_np(pthread_self(), "usmSwapReads");
	while (take(reads, &read))
		give(reads, read.token,
		     usm_reads_here(reads->fd, read.at, read.page, 0));
	return NULL;
}

static int threads_notify(void *ctx, void (*wake)(void *ctx), void *wake_ctx)
{
	struct reads *reads = ctx;
	int err = 0;

	reads->wake = wake;
	reads->wake_ctx = wake_ctx;
	while (reads->nr_threads < THREADS && !err) {
		err = -pthread_create(&reads->thread[reads->nr_threads], NULL,
				      run, reads);
		if (!err)
			reads->nr_threads++;
	}
	/* Fewer will do. */
	return reads->nr_threads ? 0 : err;
}

static void threads_close(void *ctx)
{
	struct reads *reads = ctx;
	unsigned int i;

	pthread_mutex_lock(&reads->lock);
	reads->stop = true;
	pthread_cond_broadcast(&reads->asked);
	pthread_mutex_unlock(&reads->lock);
	for (i = 0; i < reads->nr_threads; i++)
		pthread_join(reads->thread[i], NULL);
	pthread_cond_destroy(&reads->asked);
	pthread_mutex_destroy(&reads->lock);
	free(reads);
}

int usm_reads_threads(int fd, struct usm_reads *out)
{
	struct reads *reads = calloc(1, sizeof(*reads));

	if (!reads)
		return -ENOMEM;
	reads->fd = fd;
	pthread_mutex_init(&reads->lock, NULL);
	pthread_cond_init(&reads->asked, NULL);
	*out = (struct usm_reads){
		.ctx = reads,
		.name = "threads",
		.eventfd = -1,
		.begin = threads_begin,
		.reap = threads_reap,
		.notify = threads_notify,
		.close = threads_close,
	};
	return 0;
}
