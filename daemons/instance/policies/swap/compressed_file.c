/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/compressed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/frame_size.h"

#define MAGIC "USMPACK"
#define VERSION 1

#define INDEX_AT USM_FRAME_BYTES

/* Beyond the index of the largest store, 32 GiB. */
#define DATA_AT (1ULL << 36)

static uint64_t index_bytes(uint64_t nr_slots)
{
	return (nr_slots * sizeof(uint64_t) + USM_FRAME_BYTES - 1) &
	       ~(USM_FRAME_BYTES - 1);
}

static uint64_t data_bytes(uint32_t nr_chunks)
{
	return (uint64_t)nr_chunks * USM_CHUNK_BYTES;
}

uint64_t usm_compressed_overhead(uint64_t bytes)
{
	return INDEX_AT + index_bytes((bytes >> USM_FRAME_SHIFT) + 1);
}

/* Bytes [at, at + bytes) have memory behind them. */
static int fill(int fd, uint64_t at, uint64_t bytes)
{
	while (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)bytes)) {
		/* On other file systems than tmpfs, in tests. */
		if (errno == EOPNOTSUPP)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int usm_compressed_file_fill(struct usm_compressed_file *file, uint32_t chunk)
{
	return fill(file->fd, DATA_AT + data_bytes(chunk), USM_CHUNK_BYTES);
}

void usm_compressed_file_punch(struct usm_compressed_file *file, uint32_t chunk,
			       uint32_t nr)
{
	/* Where that cannot be, the memory is used again later. */
	fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		  (off_t)(DATA_AT + data_bytes(chunk)), (off_t)data_bytes(nr));
}

struct usm_block_header *
usm_compressed_block(const struct usm_compressed_file *file, uint64_t place)
{
	return (struct usm_block_header *)(file->data + place * USM_BLOCK_UNIT);
}

off_t usm_compressed_offset(uint64_t place)
{
	return (off_t)(DATA_AT + place * USM_BLOCK_UNIT +
		       sizeof(struct usm_block_header));
}

/* Does what is there go with what is wanted? */
static int compare(const struct usm_swap_file *options,
		   const struct usm_codec *codec,
		   const struct usm_compressed_file *wanted,
		   const struct usm_swap_header *found,
		   struct usm_failure *failure)
{
	struct stat stat;

	if (found->codec != codec->id)
		return usm_fail(failure, USM_EXIT_USAGE, EEXIST,
				"swap.device: %s was made by another device "
				"than %s",
				options->path, codec->name);
	if (found->nr_slots > wanted->nr_slots)
		return usm_fail(failure, USM_EXIT_USAGE, ERANGE,
				"swap.size: %s was made for %u pages and can "
				"only grow",
				options->path, found->nr_slots - 1);
	if (found->nr_chunks > wanted->nr_chunks)
		return usm_fail(failure, USM_EXIT_USAGE, ERANGE,
				"swap.memory_max: %s was made for %" PRIu64
				" bytes and can only grow",
				options->path, data_bytes(found->nr_chunks));
	if (fstat(wanted->fd, &stat))
		return usm_fail(failure, USM_EXIT_FAILED, errno, "swap: %s: %s",
				options->path, strerror(errno));
	if (found->nr_chunks &&
	    (uint64_t)stat.st_size < DATA_AT + data_bytes(found->nr_chunks))
		return usm_fail(failure, USM_EXIT_FAILED, EBADMSG,
				"swap: %s: is shorter than its header "
				"says",
				options->path);
	return 0;
}

/*
 * Its header speaks of slots and chunks only once there is room for them: who
 * is killed before finds an empty store.
 */
static int make_room(struct usm_compressed_file *file,
		     const struct usm_swap_header *header, bool fresh)
{
	struct usm_swap_header empty = *header;
	ssize_t n;
	int err = 0;

	empty.nr_slots = 0;
	empty.nr_chunks = 0;
	if (fresh)
		err = usm_swap_header_renew(file->fd, &empty);
	if (!err &&
	    ftruncate(file->fd, (off_t)(DATA_AT + data_bytes(file->nr_chunks))))
		err = -errno;
	if (!err)
		err = fill(file->fd, INDEX_AT, index_bytes(file->nr_slots));
	if (err)
		return err;
	n = pwrite(file->fd, header, sizeof(*header), 0);
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(*header) ? 0 : -ENOSPC;
}

static int map(struct usm_compressed_file *file)
{
	void *index =
		mmap(NULL, index_bytes(file->nr_slots), PROT_READ | PROT_WRITE,
		     MAP_SHARED, file->fd, INDEX_AT);
	void *data;

	if (index == MAP_FAILED)
		return -errno;
	file->index = index;
	data = mmap(NULL, data_bytes(file->nr_chunks), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_NORESERVE, file->fd, DATA_AT);
	if (data == MAP_FAILED)
		return -errno;
	file->data = data;
	return 0;
}

int usm_compressed_file_open(const struct usm_swap_file *options,
			     const struct usm_codec *codec, uint64_t memory_max,
			     struct usm_compressed_file *out, bool *fresh,
			     struct usm_failure *failure)
{
	uint64_t overhead = usm_compressed_overhead(options->bytes);
	struct usm_swap_header header =
		usm_swap_header_of(options, MAGIC, VERSION);
	struct usm_compressed_file file = { .fd = -1 };
	struct usm_swap_header found;
	int err;

	if (memory_max < overhead + USM_CHUNK_BYTES)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"swap.memory_max: swap.size needs at least "
				"%" PRIu64 " bytes",
				overhead + USM_CHUNK_BYTES);
	file.nr_slots = (uint32_t)(options->bytes >> USM_FRAME_SHIFT) + 1;
	file.nr_chunks = (uint32_t)((memory_max - overhead) / USM_CHUNK_BYTES);
	file.fd = usm_swap_header_open(options, MAGIC, VERSION, &found, fresh,
				       failure);
	if (file.fd < 0)
		return file.fd;
	if (!*fresh) {
		err = compare(options, codec, &file, &found, failure);
		if (err) {
			usm_compressed_file_close(&file);
			return err;
		}
	}
	header.codec = codec->id;
	header.nr_slots = file.nr_slots;
	header.nr_chunks = file.nr_chunks;
	err = make_room(&file, &header, *fresh);
	if (!err)
		err = map(&file);
	if (err) {
		usm_swap_header_withdraw(options, *fresh);
		usm_compressed_file_close(&file);
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"swap.size: %" PRIu64 " bytes in %s: %s",
				options->bytes, options->path, strerror(-err));
	}
	*out = file;
	return 0;
}

int usm_compressed_file_clear(struct usm_compressed_file *file)
{
	return ftruncate(file->fd, 0) ? -errno : 0;
}

void usm_compressed_file_close(struct usm_compressed_file *file)
{
	if (file->data)
		munmap(file->data, data_bytes(file->nr_chunks));
	if (file->index)
		munmap(file->index, index_bytes(file->nr_slots));
	if (file->fd > 0)
		close(file->fd);
	*file = (struct usm_compressed_file){ .fd = -1 };
}
