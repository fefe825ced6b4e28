/* SPDX-License-Identifier: MIT */
#include "instance/arena/returned.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* Frame numbers taken per read(): 4 KiB of stack. */
#define READ_BATCH 512

struct usm_returned {
	pthread_mutex_t lock; /* over read_freed() + put */
	const struct usm_kernel *kernel;
	uint64_t base_pfn;
	uint32_t base; /* pool frame of bit 0 */
	uint32_t span; /* bits */
	uint32_t pending; /* 1: something was put since the last drain */
	uint64_t foreign;
	uint64_t *summary; /* bit w: leaf[w] may have bits */
	uint64_t *leaf;
	unsigned int nr_extents;
	struct usm_extent extents[USM_EXTENTS_MAX];
};

static uint32_t leaf_words(const struct usm_returned *returned)
{
	return returned->span / 64;
}

static uint32_t summary_words(const struct usm_returned *returned)
{
	return (leaf_words(returned) + 63) / 64;
}

int usm_returned_resize(struct usm_returned *returned,
			const struct usm_extent *extents,
			unsigned int nr_extents)
{
	uint64_t first = UINT64_MAX, end = 0;
	struct usm_returned made = *returned;
	unsigned int i;

	if (!nr_extents || nr_extents > USM_EXTENTS_MAX)
		return -EINVAL;
	for (i = 0; i < nr_extents; i++) {
		uint64_t to = (uint64_t)extents[i].first + extents[i].frames;

		if (extents[i].first < first)
			first = extents[i].first;
		if (to > end)
			end = to;
	}
	made.base = (uint32_t)first & ~63U;
	made.span = (uint32_t)((end - made.base + 63) & ~63ULL);
	made.leaf = calloc(leaf_words(&made), sizeof(uint64_t));
	made.summary = calloc(summary_words(&made), sizeof(uint64_t));
	if (!made.leaf || !made.summary) {
		free(made.leaf);
		free(made.summary);
		return -ENOMEM;
	}
	free(returned->leaf);
	free(returned->summary);
	returned->base = made.base;
	returned->span = made.span;
	returned->leaf = made.leaf;
	returned->summary = made.summary;
	returned->nr_extents = nr_extents;
	for (i = 0; i < nr_extents; i++)
		returned->extents[i] = extents[i];
	return 0;
}

int usm_returned_create(const struct usm_extent *extents,
			unsigned int nr_extents, uint64_t base_pfn,
			const struct usm_kernel *kernel,
			struct usm_returned **out)
{
	struct usm_returned *returned = calloc(1, sizeof(*returned));
	int err;

	if (!returned)
		return -ENOMEM;
	returned->kernel = kernel;
	returned->base_pfn = base_pfn;
	err = usm_returned_resize(returned, extents, nr_extents);
	if (err) {
		free(returned);
		return err;
	}
	if (pthread_mutex_init(&returned->lock, NULL)) {
		free(returned->leaf);
		free(returned->summary);
		free(returned);
		return -ENOMEM;
	}
	*out = returned;
	return 0;
}

void usm_returned_destroy(struct usm_returned *returned)
{
	if (!returned)
		return;
	pthread_mutex_destroy(&returned->lock);
	free(returned->leaf);
	free(returned->summary);
	free(returned);
}

void usm_returned_lock(struct usm_returned *returned)
{
	pthread_mutex_lock(&returned->lock);
}

void usm_returned_unlock(struct usm_returned *returned)
{
	pthread_mutex_unlock(&returned->lock);
}

static bool owns(const struct usm_returned *returned, uint32_t frame)
{
	unsigned int i;

	for (i = 0; i < returned->nr_extents; i++)
		if (frame - returned->extents[i].first <
		    returned->extents[i].frames)
			return true;
	return false;
}

int usm_returned_put(struct usm_returned *returned, uint32_t frame)
{
	uint32_t bit = frame - returned->base;
	uint32_t word = bit / 64;

	if (!owns(returned, frame))
		return -EPERM;
	/* Leaf, summary, flag: the drain clears them in the other order. */
	__atomic_fetch_or(&returned->leaf[word], 1ULL << (bit % 64),
			  __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&returned->summary[word / 64], 1ULL << (word % 64),
			  __ATOMIC_SEQ_CST);
	__atomic_store_n(&returned->pending, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static bool put_pfn(struct usm_returned *returned, uint64_t pfn)
{
	uint64_t frame = pfn - returned->base_pfn;

	return frame < USM_FRAME_NONE &&
	       !usm_returned_put(returned, (uint32_t)frame);
}

int usm_returned_collect_locked(struct usm_returned *returned,
				uint32_t *collected)
{
	const struct usm_kernel *kernel = returned->kernel;
	uint64_t pfns[READ_BATCH];
	uint32_t total = 0;

	for (;;) {
		uint32_t nr = READ_BATCH, i;
		int err = kernel->read_freed(kernel->ctx, pfns, &nr);

		if (err == -EAGAIN)
			break;
		if (err)
			return err;
		for (i = 0; i < nr; i++) {
			if (!put_pfn(returned, pfns[i]))
				__atomic_fetch_add(&returned->foreign, 1,
						   __ATOMIC_RELAXED);
		}
		total += nr;
	}
	if (collected)
		*collected = total;
	return 0;
}

int usm_returned_collect(struct usm_returned *returned, uint32_t *collected)
{
	int err;

	usm_returned_lock(returned);
	err = usm_returned_collect_locked(returned, collected);
	usm_returned_unlock(returned);
	return err;
}

bool usm_returned_pending(const struct usm_returned *returned)
{
	return __atomic_load_n(&returned->pending, __ATOMIC_RELAXED);
}

static uint32_t drain_leaf(struct usm_returned *returned, uint32_t word,
			   void (*take)(void *ctx, uint32_t frame), void *ctx)
{
	uint64_t bits =
		__atomic_exchange_n(&returned->leaf[word], 0, __ATOMIC_SEQ_CST);
	uint32_t taken = 0;

	while (bits) {
		take(ctx, returned->base + word * 64 +
				  (uint32_t)__builtin_ctzll(bits));
		bits &= bits - 1;
		taken++;
	}
	return taken;
}

uint32_t usm_returned_drain(struct usm_returned *returned,
			    void (*take)(void *ctx, uint32_t frame), void *ctx)
{
	uint32_t taken = 0, i;

	if (!__atomic_exchange_n(&returned->pending, 0, __ATOMIC_SEQ_CST))
		return 0;
	for (i = 0; i < summary_words(returned); i++) {
		uint64_t words = 0;

		if (__atomic_load_n(&returned->summary[i], __ATOMIC_SEQ_CST))
			words = __atomic_exchange_n(&returned->summary[i], 0,
						    __ATOMIC_SEQ_CST);
		while (words) {
			uint32_t bit = (uint32_t)__builtin_ctzll(words);

			taken += drain_leaf(returned, i * 64 + bit, take, ctx);
			words &= words - 1;
		}
	}
	return taken;
}

uint64_t usm_returned_foreign(const struct usm_returned *returned)
{
	return __atomic_load_n(&returned->foreign, __ATOMIC_RELAXED);
}
