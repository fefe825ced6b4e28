/* SPDX-License-Identifier: MIT */
#include "instance/worker/loader.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/workee/idq.h"

/* Completions taken at once. */
#define REAP_BATCH 32U

/* Tokens of loads that are for nobody, above those of workees. */
#define NOBODY (1ULL << 32)

struct load {
	bool under_way;
	int result;
};

struct usm_loader {
	const struct usm_swap_device *device;
	struct usm_workees *workees;
	void (*ring)(void *ctx);
	void *ring_ctx;
	bool arrived;
	bool at_once; /* there is nothing but load() */
	struct usm_idq queued; /* workees that wait until one can begin */
	struct usm_idq joined; /* those that wait for somebody else's load */
	void (*done)(void *ctx, uint32_t token, int result);
	void *done_ctx;
	struct load load[]; /* by workee */
};

/* The device's thread. */
static void arrived(void *ctx)
{
	struct usm_loader *loader = ctx;

	__atomic_store_n(&loader->arrived, true, __ATOMIC_SEQ_CST);
	if (loader->ring)
		loader->ring(loader->ring_ctx);
}

int usm_loader_create(const struct usm_swap_device *device,
		      struct usm_workees *workees, uint32_t nr_slots,
		      struct usm_loader **out)
{
	struct usm_loader *loader =
		calloc(1, sizeof(*loader) + nr_slots * sizeof(loader->load[0]));

	if (!loader)
		return -ENOMEM;
	loader->device = device;
	loader->workees = workees;
	loader->at_once = !device->load_begin ||
			  device->load_notify(device->ctx, arrived, loader);
	*out = loader;
	return 0;
}

void usm_loader_destroy(struct usm_loader *loader)
{
	free(loader);
}

void usm_loader_ring(struct usm_loader *loader, void (*ring)(void *ctx),
		     void *ctx)
{
	loader->ring_ctx = ctx;
	loader->ring = ring;
}

/* One is over: one of those that could not begin can. */
static void wake_queued(struct usm_loader *loader)
{
	uint32_t index;

	if (!usm_idq_any(&loader->queued))
		return;
	index = usm_idq_lowest(&loader->queued);
	usm_idq_clear(&loader->queued, index);
	usm_workee_wake(loader->workees, index);
}

/* Each looks itself whether it was the right one. */
static void wake_joined(struct usm_loader *loader)
{
	uint32_t index;

	while (usm_idq_any(&loader->joined)) {
		index = usm_idq_lowest(&loader->joined);
		usm_idq_clear(&loader->joined, index);
		usm_workee_wake(loader->workees, index);
	}
}

static void end(struct usm_loader *loader, const struct usm_swap_done *done)
{
	if (done->token >= NOBODY) {
		loader->done(loader->done_ctx, (uint32_t)done->token,
			     done->result);
		wake_joined(loader);
		return;
	}
	loader->load[done->token] = (struct load){ .result = done->result };
	usm_workee_wake(loader->workees, (uint32_t)done->token);
}

static uint32_t reap(struct usm_loader *loader)
{
	const struct usm_swap_device *device = loader->device;
	struct usm_swap_done done[REAP_BATCH];
	uint32_t total = 0, nr, i;

	do {
		nr = device->load_reap(device->ctx, done, REAP_BATCH);
		for (i = 0; i < nr; i++) {
			end(loader, &done[i]);
			wake_queued(loader);
		}
		total += nr;
	} while (nr == REAP_BATCH);
	return total;
}

int usm_loader_load(void *ctx, uint32_t slot, void *page)
{
	struct usm_loader *loader = ctx;
	const struct usm_swap_device *device = loader->device;
	uint32_t self = usm_workee_current(loader->workees);
	struct load *load;
	int err;

	if (loader->at_once || self == USM_WORKEE_NONE)
		return device->load(device->ctx, slot, page);
	load = &loader->load[self];
	while ((err = device->load_begin(device->ctx, slot, page, self)) ==
	       -EAGAIN) {
		usm_idq_set(&loader->queued, self);
		usm_workee_wait(loader->workees);
	}
	if (err)
		return err;
	load->under_way = true;
	/* What was at hand is there already, and nobody says so. */
	reap(loader);
	while (load->under_way)
		usm_workee_wait(loader->workees);
	return load->result;
}

int usm_loader_begin(void *ctx, uint32_t slot, void *page, uint32_t token)
{
	struct usm_loader *loader = ctx;
	const struct usm_swap_device *device = loader->device;
	int err;

	if (loader->at_once)
		return -EOPNOTSUPP;
	if (usm_idq_any(&loader->queued))
		return -EAGAIN;
	err = device->load_begin(device->ctx, slot, page, NOBODY + token);
	if (!err)
		reap(loader);
	return err;
}

void usm_loader_tell(struct usm_loader *loader,
		     void (*done)(void *ctx, uint32_t token, int result),
		     void *ctx)
{
	loader->done = done;
	loader->done_ctx = ctx;
}

bool usm_loader_join(void *ctx)
{
	struct usm_loader *loader = ctx;
	uint32_t self = usm_workee_current(loader->workees);

	if (self == USM_WORKEE_NONE)
		return false;
	usm_idq_set(&loader->joined, self);
	usm_workee_wait(loader->workees);
	return true;
}

void usm_loader_checkpoint(void *ctx)
{
	struct usm_loader *loader = ctx;

	usm_workee_checkpoint(loader->workees);
}

bool usm_loader_announced(const struct usm_loader *loader)
{
	return !loader->at_once;
}

uint32_t usm_loader_reap(struct usm_loader *loader)
{
	if (!usm_loader_arrived(loader))
		return 0;
	/* What arrives from here on sets it again. */
	__atomic_store_n(&loader->arrived, false, __ATOMIC_SEQ_CST);
	return reap(loader);
}

bool usm_loader_arrived(const struct usm_loader *loader)
{
	return __atomic_load_n(&loader->arrived, __ATOMIC_ACQUIRE);
}
