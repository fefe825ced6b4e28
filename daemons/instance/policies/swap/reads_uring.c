/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/frame_size.h"
#include "instance/policies/swap/reads.h"
#include "instance/policies/swap/uring.h"

struct read {
	uint64_t token;
	char *page;
	off_t at;
	uint32_t have; /* bytes */
	uint32_t next_free;
};

struct reads {
	int fd;
	int completions; /* eventfd, counted up by the kernel and by close */
	struct io_uring ring;
	struct read read[USM_READS_MAX];
	uint32_t first_free; /* USM_READS_MAX: none */
	uint32_t under_way;
	pthread_t listener;
	bool listening;
	bool stop;
	void (*wake)(void *ctx);
	void *wake_ctx;
};

static int start(struct reads *reads, uint32_t index)
{
	const struct read *read = &reads->read[index];
	struct io_uring_sqe *sqe = io_uring_get_sqe(&reads->ring);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_read(sqe, reads->fd, read->page + read->have,
			   USM_FRAME_BYTES - read->have,
			   (uint64_t)read->at + read->have);
	sqe->user_data = index;
	return usm_uring_submit(&reads->ring, sqe);
}

static void release(struct reads *reads, uint32_t index)
{
	reads->read[index].next_free = reads->first_free;
	reads->first_free = index;
	reads->under_way--;
}

static int uring_begin(void *ctx, off_t at, void *page, uint64_t token)
{
	struct reads *reads = ctx;
	uint32_t index = reads->first_free;
	int err;

	if (index == USM_READS_MAX)
		return -EAGAIN;
	reads->first_free = reads->read[index].next_free;
	reads->under_way++;
	reads->read[index] = (struct read){
		.token = token,
		.page = page,
		.at = at,
	};
	err = start(reads, index);
	if (err)
		release(reads, index);
	/* A completion may never come to tell when to try again. */
	return err == -EAGAIN ? -EBUSY : err;
}

/* True when the read is over, with *result; else the rest was asked for. */
static bool settle(struct reads *reads, uint32_t index, int res, int *result)
{
	struct read *read = &reads->read[index];

	if (res > 0)
		read->have += (uint32_t)res;
	*result = 0;
	if (read->have == USM_FRAME_BYTES)
		return true;
	if (!res)
		*result = -EIO; /* somebody made the file shorter */
	else if (res < 0 && res != -EINTR && res != -EAGAIN)
		*result = res;
	else if (!start(reads, index))
		return false;
	else
		*result = usm_reads_here(reads->fd, read->at, read->page,
					 read->have);
	return true;
}

static uint32_t uring_reap(void *ctx, struct usm_swap_done *done, uint32_t nr)
{
	struct reads *reads = ctx;
	struct io_uring_cqe *cqe;
	uint32_t taken = 0;

	while (taken < nr && !io_uring_peek_cqe(&reads->ring, &cqe)) {
		uint64_t index = cqe->user_data;
		int res = cqe->res, result;

		io_uring_cqe_seen(&reads->ring, cqe);
		if (index == USM_URING_NOBODY ||
		    !settle(reads, (uint32_t)index, res, &result))
			continue;
		done[taken++] = (struct usm_swap_done){
			.token = reads->read[index].token,
			.result = result,
		};
		release(reads, (uint32_t)index);
	}
	return taken;
}

static void *listen_to(void *arg)
{
	struct reads *reads = arg;
	uint64_t count;

	pthread_setname_np(pthread_self(), "usmSwapReads");
	for (;;) {
		ssize_t n = read(reads->completions, &count, sizeof(count));

		if (__atomic_load_n(&reads->stop, __ATOMIC_ACQUIRE))
			return NULL;
		if (n == (ssize_t)sizeof(count))
			reads->wake(reads->wake_ctx);
	}
}

static int uring_notify(void *ctx, void (*wake)(void *ctx), void *wake_ctx)
{
	struct reads *reads = ctx;
	int err;

	reads->wake = wake;
	reads->wake_ctx = wake_ctx;
	err = -pthread_create(&reads->listener, NULL, listen_to, reads);
	if (!err)
		reads->listening = true;
	return err;
}

static void stop_listening(struct reads *reads)
{
	uint64_t one = 1;

	__atomic_store_n(&reads->stop, true, __ATOMIC_RELEASE);
	/* Cannot fail: the count is nowhere near its limit. */
	if (write(reads->completions, &one, sizeof(one)) < 0)
		return;
	pthread_join(reads->listener, NULL);
}

/* The kernel must not write to pages that may be anything by then. */
static void drain(struct reads *reads)
{
	struct usm_swap_done done[16];
	struct io_uring_cqe *cqe;

	while (reads->under_way) {
		int err = io_uring_wait_cqe(&reads->ring, &cqe);

		if (err && err != -EINTR && err != -EAGAIN)
			return;
		uring_reap(reads, done, 16);
	}
}

static void uring_close(void *ctx)
{
	struct reads *reads = ctx;

	if (reads->listening)
		stop_listening(reads);
	drain(reads);
	io_uring_queue_exit(&reads->ring);
	close(reads->completions);
	free(reads);
}

static int open_ring(struct reads *reads)
{
	/* One to spare for an entry that was refused and made nobody's. */
	int err = io_uring_queue_init(2 * USM_READS_MAX, &reads->ring, 0);

	if (err)
		return err;
	reads->completions = eventfd(0, EFD_CLOEXEC);
	err = reads->completions < 0
		      ? -errno
		      : io_uring_register_eventfd(&reads->ring,
						  reads->completions);
	if (!err)
		return 0;
	if (reads->completions >= 0)
		close(reads->completions);
	io_uring_queue_exit(&reads->ring);
	return err;
}

int usm_reads_uring(int fd, struct usm_reads *out)
{
	struct reads *reads = calloc(1, sizeof(*reads));
	uint32_t i;
	int err;

	if (!reads)
		return -ENOMEM;
	reads->fd = fd;
	for (i = 0; i < USM_READS_MAX; i++)
		reads->read[i].next_free = i + 1;
	err = open_ring(reads);
	if (err) {
		free(reads);
		return err;
	}
	*out = (struct usm_reads){
		.ctx = reads,
		.name = "io_uring",
		.eventfd = reads->completions,
		.begin = uring_begin,
		.reap = uring_reap,
		.notify = uring_notify,
		.close = uring_close,
	};
	return 0;
}
