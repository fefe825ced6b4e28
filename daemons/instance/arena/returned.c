/* SPDX-License-Identifier: MIT */
#include "instance/arena/returned.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "instance/arena/mailbox.h"
#include "instance/arena/span.h"

/* Frame numbers taken per read(): 4 KiB of stack. */
#define READ_BATCH 512

struct usm_returned {
	pthread_mutex_t lock; /* over read_freed() + put */
	const struct usm_kernel *kernel;
	struct usm_shared_arena *shared; /* NULL: there is one worker */
	uint64_t base_pfn;
	uint64_t foreign;
	unsigned int nr_workers;
	struct usm_mailbox box[USM_WORKERS_MAX];
	struct usm_span span;
	unsigned int nr_extents;
	struct usm_extent extents[USM_EXTENTS_MAX];
};

static void fini_boxes(struct usm_mailbox *box, unsigned int nr)
{
	while (nr--)
		usm_mailbox_fini(&box[nr]);
}

static int init_boxes(struct usm_mailbox *box, unsigned int nr,
		      const struct usm_span *span)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		err = usm_mailbox_init(&box[i], span);
		if (err) {
			fini_boxes(box, i);
			return err;
		}
	}
	return 0;
}

int usm_returned_resize(struct usm_returned *returned,
			const struct usm_extent *extents,
			unsigned int nr_extents)
{
	struct usm_mailbox made[USM_WORKERS_MAX] = { 0 };
	struct usm_span span;
	int err;

	if (nr_extents > USM_EXTENTS_MAX)
		return -EINVAL;
	err = usm_span_of(extents, nr_extents, &span);
	if (!err)
		err = init_boxes(made, returned->nr_workers, &span);
	if (err)
		return err;
	fini_boxes(returned->box, returned->nr_workers);
	memcpy(returned->box, made, sizeof(made));
	returned->span = span;
	memcpy(returned->extents, extents, nr_extents * sizeof(*extents));
	returned->nr_extents = nr_extents;
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
	returned->nr_workers = 1;
	err = usm_returned_resize(returned, extents, nr_extents);
	if (!err && pthread_mutex_init(&returned->lock, NULL))
		err = -ENOMEM;
	if (err) {
		fini_boxes(returned->box, returned->nr_workers);
		free(returned);
		return err;
	}
	*out = returned;
	return 0;
}

int usm_returned_share(struct usm_returned *returned,
		       struct usm_shared_arena *shared, unsigned int nr_workers)
{
	int err =
		init_boxes(&returned->box[1], nr_workers - 1, &returned->span);

	if (err)
		return err;
	returned->nr_workers = nr_workers;
	returned->shared = shared;
	return 0;
}

void usm_returned_destroy(struct usm_returned *returned)
{
	if (!returned)
		return;
	pthread_mutex_destroy(&returned->lock);
	fini_boxes(returned->box, returned->nr_workers);
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
	unsigned int owner = 0;

	if (!owns(returned, frame))
		return -EPERM;
	if (returned->shared)
		owner = usm_shared_arena_owner(returned->shared, frame);
	if (owner < returned->nr_workers)
		usm_mailbox_put(&returned->box[owner], frame);
	else
		/* In there already is as good. */
		usm_shared_arena_add(returned->shared, frame);
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

bool usm_returned_pending(const struct usm_returned *returned,
			  unsigned int worker)
{
	return usm_mailbox_pending(&returned->box[worker]);
}

uint32_t usm_returned_nr(const struct usm_returned *returned,
			 unsigned int worker)
{
	return usm_mailbox_nr(&returned->box[worker]);
}

uint32_t usm_returned_drain(struct usm_returned *returned, unsigned int worker,
			    void (*take)(void *ctx, uint32_t frame), void *ctx)
{
	return usm_mailbox_drain(&returned->box[worker], take, ctx);
}

uint64_t usm_returned_foreign(const struct usm_returned *returned)
{
	return __atomic_load_n(&returned->foreign, __ATOMIC_RELAXED);
}
