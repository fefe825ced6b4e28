/* SPDX-License-Identifier: MIT */
#include "instance/policies/evict/ghost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Buckets are half full on average, so that few run over. */
#define PER_BUCKET (USM_GHOST_WAYS / 2)

int usm_ghost_init(struct usm_ghost *ghost, uint32_t nr)
{
	struct usm_ghost made = { .nr_buckets = 1 };

	while (made.nr_buckets < nr / PER_BUCKET)
		made.nr_buckets *= 2;
	made.buckets = calloc(made.nr_buckets, sizeof(*made.buckets));
	if (!made.buckets)
		return -ENOMEM;
	*ghost = made;
	return 0;
}

void usm_ghost_fini(struct usm_ghost *ghost)
{
	free(ghost->buckets);
	memset(ghost, 0, sizeof(*ghost));
}

/* Neighbouring pages in all directions (the finalizer of MurmurHash3). */
static uint64_t scatter(uint64_t page)
{
	page = (page ^ page >> 33) * 0xff51afd7ed558ccdULL;
	page = (page ^ page >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return page ^ page >> 33;
}

static struct usm_ghost_entry *bucket(const struct usm_ghost *ghost,
				      uint64_t scattered)
{
	return ghost->buckets[scattered >> 32 & (ghost->nr_buckets - 1)];
}

void usm_ghost_add(struct usm_ghost *ghost, uint64_t page)
{
	uint64_t scattered = scatter(page);
	struct usm_ghost_entry *entries = bucket(ghost, scattered);
	struct usm_ghost_entry *oldest = entries;
	int i;

	/* The number 0 is that of empty entries. */
	if (!++ghost->added)
		ghost->added = 1;
	for (i = 1; i < USM_GHOST_WAYS && oldest->number; i++)
		if (!entries[i].number || ghost->added - entries[i].number >
						  ghost->added - oldest->number)
			oldest = &entries[i];
	oldest->print = (uint32_t)scattered;
	oldest->number = ghost->added;
}

bool usm_ghost_take(struct usm_ghost *ghost, uint64_t page, uint32_t nr)
{
	uint64_t scattered = scatter(page);
	struct usm_ghost_entry *entries = bucket(ghost, scattered);
	int i;

	for (i = 0; i < USM_GHOST_WAYS; i++) {
		if (!entries[i].number ||
		    entries[i].print != (uint32_t)scattered)
			continue;
		if (ghost->added - entries[i].number >= nr)
			continue;
		entries[i].number = 0;
		return true;
	}
	return false;
}
