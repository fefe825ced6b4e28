/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/writes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame_size.h"
#include "instance/policies/swap/uring.h"

struct write {
	uint64_t token;
	uint32_t nr; /* pages; 0: not in use */
	uint32_t unused;
	struct iovec pages[USM_SWAP_STORE_PAGES];
};

struct usm_writes {
	int fd;
	struct io_uring ring;
	uint32_t under_way;
	struct write write[USM_SWAP_STORES_MAX];
};

int usm_writes_open(int fd, int eventfd, struct usm_writes **out)
{
	struct usm_writes *writes = calloc(1, sizeof(*writes));
	int err;

	if (!writes)
		return -ENOMEM;
	writes->fd = fd;
	/* Room for entries that were refused and made nobody's. */
	err = io_uring_queue_init(2 * USM_SWAP_STORES_MAX, &writes->ring, 0);
	if (err) {
		free(writes);
		return err;
	}
	err = io_uring_register_eventfd(&writes->ring, eventfd);
	if (err) {
		usm_writes_close(writes);
		return err;
	}
	*out = writes;
	return 0;
}

static struct write *unused(struct usm_writes *writes)
{
	uint32_t i;

	for (i = 0; i < USM_SWAP_STORES_MAX; i++)
		if (!writes->write[i].nr)
			return &writes->write[i];
	return NULL;
}

int usm_writes_begin(struct usm_writes *writes, off_t at,
		     const struct iovec *pages, uint32_t nr, uint64_t token)
{
	struct write *write = unused(writes);
	struct io_uring_sqe *sqe;
	int err;

	if (!write)
		return -EAGAIN;
	sqe = io_uring_get_sqe(&writes->ring);
	if (!sqe)
		return -EBUSY;
	write->token = token;
	memcpy(write->pages, pages, nr * sizeof(*pages));
	io_uring_prep_writev(sqe, writes->fd, write->pages, nr, (uint64_t)at);
	/* Elsewhere, even what could be copied at once: the caller has faults. */
	sqe->flags |= IOSQE_ASYNC;
	sqe->user_data = (uint64_t)(write - writes->write);
	err = usm_uring_submit(&writes->ring, sqe);
	/* A completion may never come to tell when to try again. */
	if (err)
		return err == -EAGAIN ? -EBUSY : err;
	write->nr = nr;
	writes->under_way++;
	return 0;
}

uint32_t usm_writes_reap(struct usm_writes *writes, struct usm_swap_done *done,
			 uint32_t nr, uint64_t *pages)
{
	struct io_uring_cqe *cqe;
	uint32_t taken = 0;

	while (taken < nr && !io_uring_peek_cqe(&writes->ring, &cqe)) {
		uint64_t index = cqe->user_data;
		int res = cqe->res;
		struct write *write;

		io_uring_cqe_seen(&writes->ring, cqe);
		if (index == USM_URING_NOBODY)
			continue;
		write = &writes->write[index];
		if (res == (int)(write->nr * USM_FRAME_BYTES)) {
			res = 0;
			if (pages)
				*pages += write->nr;
		} else if (res >= 0) {
			res = -EIO;
		}
		done[taken++] = (struct usm_swap_done){
			.token = write->token,
			.result = res,
		};
		write->nr = 0;
		writes->under_way--;
	}
	return taken;
}

void usm_writes_close(struct usm_writes *writes)
{
	struct usm_swap_done done[16];
	struct io_uring_cqe *cqe;

	if (!writes)
		return;
	/* The kernel must not read pages that may be anything by then. */
	while (writes->under_way) {
		int err = io_uring_wait_cqe(&writes->ring, &cqe);

		if (err && err != -EINTR && err != -EAGAIN)
			break;
		usm_writes_reap(writes, done, 16, NULL);
	}
	io_uring_queue_exit(&writes->ring);
	free(writes);
}
