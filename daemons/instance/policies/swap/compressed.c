/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/compressed.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame_size.h"
#include "instance/policies/swap/blocks.h"
#include "instance/policies/swap/checksum.h"
#include "instance/policies/swap/compressed_check.h"
#include "instance/policies/swap/compressed_entry.h"
#include "instance/policies/swap/compressed_file.h"
#include "instance/policies/swap/reads.h"
#include "instance/policies/swap/window.h"

/*
 * A page that is to be packed must fit in the largest block but one: in the
 * largest it is as well off as it is.
 */
#define PACKED_MAX (60U * USM_BLOCK_UNIT - sizeof(struct usm_block_header))

/* What slot 0 holds, which is no page: "USM?" */
#define NO_PAGE 0x3f4d5355U

struct compressed {
	struct usm_compressed_file file;
	struct usm_blocks *blocks;
	struct usm_window window;
	const struct usm_codec *codec;
	bool upper;
	bool unneeded; /* all that is in it */
	void *codec_ctx;
	struct usm_swap_stats stats;
	char packed[PACKED_MAX];
};

/* ---- the index ---------------------------------------------------------------- */

static void count(struct compressed *store, uint64_t entry, int64_t by)
{
	enum usm_entry_kind kind = usm_entry_kind(entry);

	if (kind == USM_ENTRY_NONE)
		return;
	store->stats.pages += (uint64_t)by;
	if (kind == USM_ENTRY_SAME)
		store->stats.same += (uint64_t)by;
	else
		store->stats.bytes +=
			(uint64_t)(by * (int64_t)usm_entry_bytes(entry));
	if (kind == USM_ENTRY_RAW)
		store->stats.raw += (uint64_t)by;
}

/*
 * The slot is what entry says from here on.  Nothing written before may come
 * after it, nor what is written later before.
 */
static void commit(struct compressed *store, uint32_t slot, uint64_t entry)
{
	uint64_t old = store->file.index[slot];

	atomic_signal_fence(memory_order_seq_cst);
	__atomic_store_n(&store->file.index[slot], entry, __ATOMIC_RELEASE);
	atomic_signal_fence(memory_order_seq_cst);
	count(store, entry, 1);
	count(store, old, -1);
	if (usm_entry_has_block(old))
		usm_blocks_give(store->blocks, usm_entry_place(old));
}

/* ---- out ------------------------------------------------------------------------ */

/* The block of a slot goes elsewhere. */
static void move(struct compressed *store, uint64_t from, uint64_t to)
{
	const struct usm_block_header *block =
		usm_compressed_block(&store->file, from);
	uint64_t entry = store->file.index[block->slot];
	uint32_t bytes = usm_entry_bytes(entry);

	memcpy(usm_compressed_block(&store->file, to), block,
	       sizeof(*block) + bytes);
	commit(store, block->slot,
	       usm_entry_block(usm_entry_kind(entry), bytes,
			       usm_entry_class(entry), to));
}

/*
 * Does the block's own word name the slot that names it?  It is checked when a
 * store is opened; a stray write since then must not make things worse.
 */
static bool is_owned(const struct compressed *store, uint64_t place)
{
	uint32_t slot = usm_compressed_block(&store->file, place)->slot;
	uint64_t entry;

	if (slot >= store->file.nr_slots)
		return false;
	entry = store->file.index[slot];
	return usm_entry_has_block(entry) && usm_entry_place(entry) == place;
}

/* Makes a chunk free for blocks of another size. */
static bool make_chunk(struct compressed *store)
{
	uint64_t from, to;
	uint32_t chunk;

	if (!usm_blocks_empty_begin(store->blocks, &chunk))
		return false;
	while (usm_blocks_empty_next(store->blocks, chunk, &from)) {
		to = is_owned(store, from)
			     ? usm_blocks_empty_move(store->blocks, chunk)
			     : USM_BLOCK_NONE;
		if (to == USM_BLOCK_NONE) {
			usm_blocks_empty_end(store->blocks, chunk);
			return false;
		}
		move(store, from, to);
	}
	return true;
}

static uint64_t find_room(struct compressed *store, uint32_t bytes)
{
	uint64_t place = usm_blocks_take(store->blocks, bytes);

	if (place == USM_BLOCK_NONE && make_chunk(store))
		place = usm_blocks_take(store->blocks, bytes);
	if (place == USM_BLOCK_NONE)
		place = usm_blocks_borrow(store->blocks, bytes);
	return place;
}

/* Does the slot hold that already? */
static bool is_there(const struct compressed *store, uint32_t slot,
		     enum usm_entry_kind kind, const void *content,
		     uint32_t bytes)
{
	uint64_t entry = store->file.index[slot];

	return usm_entry_kind(entry) == kind &&
	       usm_entry_bytes(entry) == bytes &&
	       !memcmp(usm_compressed_block(&store->file,
					    usm_entry_place(entry)) +
			       1,
		       content, bytes);
}

static int store_block(struct compressed *store, uint32_t slot,
		       enum usm_entry_kind kind, const void *content,
		       uint32_t bytes)
{
	uint32_t whole = bytes + (uint32_t)sizeof(struct usm_block_header);
	uint64_t place = find_room(store, whole);
	struct usm_block_header *block;

	/* Of a row that did not fit as a whole, those that did are stored. */
	if (place == USM_BLOCK_NONE)
		return is_there(store, slot, kind, content, bytes) ? 0
								   : -ENOSPC;
	block = usm_compressed_block(&store->file, place);
	block->sum = usm_checksum(slot, content, bytes);
	block->slot = slot;
	memcpy(block + 1, content, bytes);
	commit(store, slot,
	       usm_entry_block(kind, bytes,
			       usm_blocks_class(store->blocks, place), place));
	return 0;
}

static int store_page(struct compressed *store, uint32_t slot, const char *page)
{
	uint32_t bytes, word;

	if (usm_page_is_same(page)) {
		memcpy(&word, page, sizeof(word));
		commit(store, slot, usm_entry_same(word));
		return 0;
	}
	bytes = store->codec->pack(store->codec_ctx, page, store->packed,
				   PACKED_MAX);
	if (bytes)
		return store_block(store, slot, USM_ENTRY_PACKED, store->packed,
				   bytes);
	return store->upper ? -EMSGSIZE
			    : store_block(store, slot, USM_ENTRY_RAW, page,
					  USM_FRAME_BYTES);
}

static int compressed_store(void *ctx, uint32_t slot, struct iovec *pages,
			    uint32_t nr)
{
	struct compressed *store = ctx;
	uint32_t some, i;
	int err = 0;

	for (; nr && !err; pages += some, nr -= some) {
		some = nr < USM_WINDOW_PAGES ? nr : USM_WINDOW_PAGES;
		err = usm_window_take(&store->window, pages, some);
		for (i = 0; i < some && !err; i++)
			err = store_page(store, slot++,
					 store->window.page +
						 i * USM_FRAME_BYTES);
	}
	return err;
}

static void compressed_drop(void *ctx, uint32_t slot)
{
	struct compressed *store = ctx;

	if (slot && slot < store->file.nr_slots && store->file.index[slot])
		commit(store, slot, 0);
}

/* ---- in --------------------------------------------------------------------------- */

static int put_same(struct compressed *store, uint32_t word, void *frame)
{
	uint32_t *words = (uint32_t *)store->window.page;
	uint32_t i;

	for (i = 0; i < USM_FRAME_BYTES / sizeof(word); i++)
		words[i] = word;
	return usm_window_put(&store->window, frame);
}

static int compressed_load(void *ctx, uint32_t slot, void *page)
{
	struct compressed *store = ctx;
	const struct usm_block_header *block;
	uint64_t entry, place;
	uint32_t bytes;

	if (!slot)
		return put_same(store, NO_PAGE, page);
	if (slot >= store->file.nr_slots)
		return -EIO;
	entry = store->file.index[slot];
	if (usm_entry_kind(entry) == USM_ENTRY_SAME)
		return put_same(store, usm_entry_word(entry), page);
	if (!usm_entry_has_block(entry))
		return -EIO;
	place = usm_entry_place(entry);
	bytes = usm_entry_bytes(entry);
	block = usm_compressed_block(&store->file, place);
	if (block->slot != slot ||
	    block->sum != usm_checksum(slot, block + 1, bytes))
		return -EIO;
	if (usm_entry_kind(entry) == USM_ENTRY_RAW)
		return usm_reads_here(store->file.fd,
				      usm_compressed_offset(place), page, 0);
	if (store->codec->unpack(store->codec_ctx, block + 1, bytes,
				 store->window.page))
		return -EIO;
	return usm_window_put(&store->window, page);
}

/* ---- life --------------------------------------------------------------------------- */

static void compressed_stats(void *ctx, struct usm_swap_stats *out)
{
	const struct compressed *store = ctx;

	*out = store->stats;
	out->memory =
		usm_compressed_overhead((uint64_t)(store->file.nr_slots - 1)
					<< USM_FRAME_SHIFT) +
		(uint64_t)usm_blocks_chunks(store->blocks) * USM_CHUNK_BYTES;
}

static void destroy(struct compressed *store)
{
	store->codec->destroy(store->codec_ctx);
	usm_window_close(&store->window);
	usm_blocks_destroy(store->blocks);
	usm_compressed_file_close(&store->file);
	free(store);
}

static void compressed_empty(void *ctx)
{
	struct compressed *store = ctx;

	store->unneeded = true;
}

static void compressed_close(void *ctx)
{
	struct compressed *store = ctx;

	/* Empty, it should take no memory while there is no daemon. */
	if (store->unneeded || (!store->stats.pages && !store->upper))
		usm_compressed_file_clear(&store->file);
	destroy(store);
}

static int open_chunk(void *ctx, uint32_t chunk)
{
	struct compressed *store = ctx;

	return usm_compressed_file_fill(&store->file, chunk);
}

static void close_chunk(void *ctx, uint32_t chunk)
{
	struct compressed *store = ctx;

	usm_compressed_file_punch(&store->file, chunk, 1);
}

/* What a killed daemon had taken for a page that it did not store. */
static void trim(struct compressed *store)
{
	uint32_t chunk, from = 0;

	for (chunk = 0; chunk <= store->file.nr_chunks; chunk++) {
		if (chunk < store->file.nr_chunks &&
		    !usm_blocks_any(store->blocks, chunk))
			continue;
		if (chunk > from)
			usm_compressed_file_punch(&store->file, from,
						  chunk - from);
		from = chunk + 1;
	}
}

static int set_up(struct compressed *store)
{
	struct usm_blocks_options options = {
		.nr_chunks = store->file.nr_chunks,
		.open = open_chunk,
		.close = close_chunk,
		.ctx = store,
	};
	int err = usm_blocks_create(&options, &store->blocks);

	if (!err)
		err = usm_window_open(&store->window);
	if (!err)
		err = store->codec->create(&store->codec_ctx);
	return err;
}

static int take_over(struct compressed *store, const struct usm_swap_file *file,
		     struct usm_failure *failure)
{
	struct usm_compressed_damage damage;
	uint32_t slot;

	if (usm_compressed_check(&store->file, store->blocks, &damage))
		return usm_fail(failure, USM_EXIT_FAILED, EBADMSG,
				"swap: %s: is damaged: slot %u: %s", file->path,
				damage.slot, damage.reason);
	for (slot = 1; slot < store->file.nr_slots; slot++)
		count(store, store->file.index[slot], 1);
	trim(store);
	return 0;
}

bool usm_swap_compressed_holds(const struct usm_swap_device *device,
			       uint32_t slot)
{
	const struct compressed *store = device->ctx;

	return slot < store->file.nr_slots &&
	       usm_entry_kind(store->file.index[slot]) != USM_ENTRY_NONE;
}

int usm_swap_compressed_open(const struct usm_swap_file *file,
			     const struct usm_compressed_options *options,
			     struct usm_swap_device *out, bool *fresh,
			     struct usm_failure *failure)
{
	struct compressed *store = calloc(1, sizeof(*store));
	int err;

	if (!store)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	store->codec = options->codec;
	store->upper = options->upper;
	store->stats.device = options->codec->name;
	err = usm_compressed_file_open(file, options->codec,
				       options->memory_max, &store->file, fresh,
				       failure);
	if (!err) {
		err = set_up(store);
		if (err)
			usm_fail(failure, USM_EXIT_FAILED, -err,
				 "swap.device: %s: %s", options->codec->name,
				 strerror(-err));
	}
	if (!err)
		err = take_over(store, file, failure);
	if (err) {
		destroy(store);
		return err;
	}
	*out = (struct usm_swap_device){
		.ctx = store,
		.nr_slots = store->file.nr_slots,
		.refuses = true,
		.store = compressed_store,
		.load = compressed_load,
		.close = compressed_close,
		.empty = compressed_empty,
		.drop = compressed_drop,
		.stats = compressed_stats,
	};
	return 0;
}
