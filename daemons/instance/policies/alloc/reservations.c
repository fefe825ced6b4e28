/* SPDX-License-Identifier: MIT */
#include "instance/policies/alloc/reservations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int usm_reservations_init(struct usm_reservations *all, uint32_t nr_runs)
{
	struct usm_reservations made = {
		.nr_runs = nr_runs,
		.oldest = USM_RUN_NONE,
		.newest = USM_RUN_NONE,
	};
	uint64_t buckets = 1;

	while (buckets < nr_runs)
		buckets *= 2;
	made.bucket_mask = (uint32_t)(buckets - 1);
	made.run = calloc(nr_runs, sizeof(*made.run));
	made.bucket = malloc(buckets * sizeof(*made.bucket));
	if (!made.run || !made.bucket) {
		usm_reservations_fini(&made);
		return -ENOMEM;
	}
	/* All bytes of USM_RUN_NONE are 0xff. */
	memset(made.bucket, 0xff, buckets * sizeof(*made.bucket));
	*all = made;
	return 0;
}

void usm_reservations_fini(struct usm_reservations *all)
{
	free(all->bucket);
	free(all->run);
	memset(all, 0, sizeof(*all));
}

static uint32_t *bucket_of(const struct usm_reservations *all, uint32_t member,
			   uint64_t window)
{
	/* Fibonacci hashing; windows of one member are mostly consecutive. */
	uint64_t hash =
		(window ^ (uint64_t)member << 40) * 0x9e3779b97f4a7c15ULL;

	return &all->bucket[(hash >> 32) & all->bucket_mask];
}

uint32_t usm_reservations_find(const struct usm_reservations *all,
			       uint32_t member, uint64_t window)
{
	uint32_t run = *bucket_of(all, member, window);

	while (run != USM_RUN_NONE) {
		const struct usm_reservation *r = &all->run[run];

		if (r->member == member && r->window == window)
			break;
		run = r->hash_next;
	}
	return run;
}

static void list_remove(struct usm_reservations *all, uint32_t run)
{
	struct usm_reservation *r = &all->run[run];

	if (r->older == USM_RUN_NONE)
		all->oldest = r->newer;
	else
		all->run[r->older].newer = r->newer;
	if (r->newer == USM_RUN_NONE)
		all->newest = r->older;
	else
		all->run[r->newer].older = r->older;
}

static void list_append(struct usm_reservations *all, uint32_t run)
{
	struct usm_reservation *r = &all->run[run];

	r->older = all->newest;
	r->newer = USM_RUN_NONE;
	if (all->newest == USM_RUN_NONE)
		all->oldest = run;
	else
		all->run[all->newest].newer = run;
	all->newest = run;
}

void usm_reservations_add(struct usm_reservations *all, uint32_t run,
			  uint32_t member, uint64_t window, uint64_t wanted)
{
	struct usm_reservation *r = &all->run[run];
	uint32_t *bucket = bucket_of(all, member, window);

	r->member = member;
	r->window = window;
	r->wanted = wanted;
	r->spare = 0;
	r->hash_next = *bucket;
	*bucket = run;
	usm_reservations_set_spare(all, run, wanted);
}

uint64_t usm_reservations_drop(struct usm_reservations *all, uint32_t run)
{
	struct usm_reservation *r = &all->run[run];
	uint32_t *link = bucket_of(all, r->member, r->window);
	uint64_t spare = r->spare;

	while (*link != run)
		link = &all->run[*link].hash_next;
	*link = r->hash_next;
	if (spare)
		list_remove(all, run);
	memset(r, 0, sizeof(*r));
	return spare;
}

void usm_reservations_set_spare(struct usm_reservations *all, uint32_t run,
				uint64_t spare)
{
	struct usm_reservation *r = &all->run[run];

	if (r->spare)
		list_remove(all, run);
	r->spare = spare;
	if (spare)
		list_append(all, run);
}

uint32_t usm_reservations_oldest(const struct usm_reservations *all)
{
	return all->oldest;
}
