/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/frame_size.h"
#include "instance/policies/swap/reads.h"
#include "instance/policies/swap/ready.h"
#include "instance/policies/swap/vector.h"
#include "instance/policies/swap/writes.h"

#define MAGIC "USMSWAP"
#define VERSION 1

struct file {
	int fd;
	bool nowait; /* the file system can tell what is at hand */
	bool unneeded; /* all that is in it */
	struct usm_swap_stats stats;
	struct usm_reads reads; /* .begin is NULL: none */
	struct usm_ready ready; /* pages that were at hand */
	struct usm_writes *writes; /* NULL: pages are written here */
};

static off_t offset_of(uint32_t slot)
{
	return (off_t)slot << USM_FRAME_SHIFT;
}

static int file_store(void *ctx, uint32_t slot, struct iovec *pages,
		      uint32_t nr)
{
	struct file *file = ctx;
	int err = usm_vector_write(file->fd, offset_of(slot), pages, nr);

	if (!err)
		file->stats.written += nr;
	return err;
}

static int file_store_begin(void *ctx, uint32_t slot, const struct iovec *pages,
			    uint32_t nr, uint64_t token)
{
	struct file *file = ctx;

	return usm_writes_begin(file->writes, offset_of(slot), pages, nr,
				token);
}

static uint32_t file_store_reap(void *ctx, struct usm_swap_done *done,
				uint32_t nr)
{
	struct file *file = ctx;

	return usm_writes_reap(file->writes, done, nr, &file->stats.written);
}

static int file_load(void *ctx, uint32_t slot, void *page)
{
	struct file *file = ctx;

	file->stats.read++;
	return usm_reads_here(file->fd, offset_of(slot), page, 0);
}

/* Reads what needs no waiting; -EAGAIN: it does need some. */
static int load_at_hand(struct file *file, uint32_t slot, void *page)
{
	struct iovec whole = { page, USM_FRAME_BYTES };
	ssize_t n;

	if (!file->nowait)
		return -EAGAIN;
	n = preadv2(file->fd, &whole, 1, offset_of(slot), RWF_NOWAIT);
	if (n == (ssize_t)USM_FRAME_BYTES)
		return 0;
	if (n < 0 && errno == EOPNOTSUPP)
		file->nowait = false;
	return n < 0 && errno == EFAULT ? -EFAULT : -EAGAIN;
}

static int file_load_begin(void *ctx, uint32_t slot, void *page, uint64_t token)
{
	struct file *file = ctx;
	int result;

	if (usm_ready_full(&file->ready))
		return -EAGAIN;
	result = load_at_hand(file, slot, page);
	if (result == -EAGAIN) {
		result = file->reads.begin(file->reads.ctx, offset_of(slot),
					   page, token);
		file->stats.read += !result;
		if (!result || result == -EAGAIN)
			return result;
		/* Out of memory, it may be: this way needs less of it. */
		result = file_load(file, slot, page);
	} else {
		file->stats.read++;
		file->stats.cached++;
	}
	usm_ready_add(&file->ready, token, result);
	return 0;
}

static uint32_t file_load_reap(void *ctx, struct usm_swap_done *done,
			       uint32_t nr)
{
	struct file *file = ctx;
	uint32_t taken = usm_ready_take(&file->ready, done, nr);

	return taken +
	       file->reads.reap(file->reads.ctx, done + taken, nr - taken);
}

static int file_load_notify(void *ctx, void (*wake)(void *ctx), void *wake_ctx)
{
	struct file *file = ctx;

	return file->reads.notify(file->reads.ctx, wake, wake_ctx);
}

static void file_stats(void *ctx, struct usm_swap_stats *out)
{
	const struct file *file = ctx;

	*out = file->stats;
	out->device = "file";
	out->loads = file->reads.name;
}

static void file_empty(void *ctx)
{
	struct file *file = ctx;

	file->unneeded = true;
}

static void file_close(void *ctx)
{
	struct file *file = ctx;

	usm_writes_close(file->writes);
	if (file->reads.close)
		file->reads.close(file->reads.ctx);
	/* What cannot be given back is used again later. */
	if (file->unneeded && ftruncate(file->fd, 0))
		file->unneeded = false;
	close(file->fd);
	free(file);
}

static int set_aside(int fd, uint64_t bytes)
{
	if (!fallocate(fd, 0, 0, (off_t)bytes))
		return 0;
	/* Where the file system cannot, running full shows later. */
	if (errno == EOPNOTSUPP && !ftruncate(fd, (off_t)bytes))
		return 0;
	return -errno;
}

int usm_swap_file_open(const struct usm_swap_file *options,
		       struct usm_swap_device *out, bool *fresh,
		       struct usm_failure *failure)
{
	uint64_t slots = (options->bytes >> USM_FRAME_SHIFT) + 1;
	struct usm_swap_header header =
		usm_swap_header_of(options, MAGIC, VERSION);
	struct usm_swap_header found;
	usm_auto_fd fd = usm_swap_header_open(options, MAGIC, VERSION, &found,
					      fresh, failure);
	struct file *file;
	int err = 0;

	if (fd < 0)
		return fd;
	if (*fresh)
		err = usm_swap_header_renew(fd, &header);
	if (!err)
		err = set_aside(fd, slots << USM_FRAME_SHIFT);
	if (err) {
		usm_swap_header_withdraw(options, *fresh);
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"swap.size: %" PRIu64 " bytes in %s: %s",
				options->bytes, options->path, strerror(-err));
	}
	file = calloc(1, sizeof(*file));
	if (!file)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	file->fd = usm_steal_fd(&fd);
	file->nowait = true;
	*out = (struct usm_swap_device){
		.ctx = file,
		.nr_slots = (uint32_t)slots,
		.store = file_store,
		.load = file_load,
		.close = file_close,
		.empty = file_empty,
		.stats = file_stats,
	};
	if (!usm_reads_uring(file->fd, &file->reads) ||
	    !usm_reads_threads(file->fd, &file->reads)) {
		out->load_begin = file_load_begin;
		out->load_reap = file_load_reap;
		out->load_notify = file_load_notify;
		if (file->reads.eventfd >= 0 &&
		    !usm_writes_open(file->fd, file->reads.eventfd,
				     &file->writes)) {
			out->store_begin = file_store_begin;
			out->store_reap = file_store_reap;
		}
	}
	return 0;
}
