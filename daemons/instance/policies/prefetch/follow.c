/* SPDX-License-Identifier: MIT */
#include "instance/policies/prefetch/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame_size.h"

/* At once: as many threads as usually need pages in turns. */
#define CURSORS 4

/*
 * So far behind a cursor a page confirms it, and so far before it a page was
 * overtaken: what is between is in memory this time, or on its way.  The first
 * time it is to be close: in a small program any two pages are near.
 */
#define NEAR_FIRST 8U
#define NEAR_MAX 64U

/* 2 to this power is the most that is foretold. */
#define CONFIDENCE_MAX 6

/* Places of one page that are looked at for a beginning. */
#define PLACES_MAX 64

/*
 * So many pages right behind are asked for at each step, whether they were
 * before or not: what was in memory then may be out by now.
 */
#define AGAIN 8U

#define NONE UINT32_MAX

/* Chains of places, by page: a power of two near the most that there are. */
#define CHAIN_BITS 14

struct cursor {
	uint32_t at; /* place of the page that was needed last; NONE: unused */
	uint32_t asked; /* first place that was not asked for */
	uint32_t confidence;
	uint32_t turn;
};

struct usm_follow {
	uint32_t turn;
	uint32_t last; /* the cursor that was used last */
	uint32_t before; /* the page that was needed last, or NONE */
	struct cursor cursor[CURSORS];
	uint32_t live[USM_MAPPINGS_MAX]; /* which is the order's, or NONE */
	uint32_t meant[USM_MAPPINGS_MAX]; /* the order's for ours, or NONE */
	uint32_t first[1U << CHAIN_BITS]; /* place, or NONE */
	uint32_t next[USM_ORDER_PAGES];
	struct usm_order order;
};

static uint32_t chain_of(uint32_t name)
{
	return name * 0x9e3779b1U >> (32 - CHAIN_BITS);
}

/* From the last to the first, so that each chain goes forwards. */
static void index_places(struct usm_follow *follow)
{
	uint32_t place = follow->order.nr_pages;

	memset(follow->first, 0xff, sizeof(follow->first));
	while (place--) {
		uint32_t *first =
			&follow->first[chain_of(follow->order.page[place])];

		follow->next[place] = *first;
		*first = place;
	}
}

int usm_follow_create(const void *data, uint32_t bytes, struct usm_follow **out)
{
	struct usm_follow *follow = calloc(1, sizeof(*follow));
	uint32_t i;
	int err;

	if (!follow)
		return -ENOMEM;
	err = usm_order_decode(data, bytes, &follow->order);
	if (err) {
		free(follow);
		return err;
	}
	index_places(follow);
	memset(follow->live, 0xff, sizeof(follow->live));
	memset(follow->meant, 0xff, sizeof(follow->meant));
	for (i = 0; i < CURSORS; i++)
		follow->cursor[i].at = NONE;
	follow->before = NONE;
	*out = follow;
	return 0;
}

void usm_follow_destroy(struct usm_follow *follow)
{
	free(follow);
}

void usm_follow_mapping(struct usm_follow *follow,
			const struct usm_mappings *mappings, uint32_t mapping)
{
	uint64_t bytes = mappings->mapping[mapping].bytes;
	uint32_t i;

	if (follow->meant[mapping] != NONE)
		return;
	for (i = 0; i < follow->order.nr_mappings; i++) {
		if (follow->live[i] != NONE || follow->order.bytes[i] != bytes)
			continue;
		follow->live[i] = mapping;
		follow->meant[mapping] = i;
		return;
	}
}

static uint32_t near_of(const struct cursor *cursor)
{
	uint32_t near = NEAR_FIRST << cursor->confidence;

	return near < NEAR_MAX ? near : NEAR_MAX;
}

/* How far behind the cursor the page comes; 0: it does not, or not near. */
static uint32_t distance_behind(const struct usm_order *order,
				const struct cursor *cursor, uint32_t name)
{
	uint32_t near = near_of(cursor), i;

	for (i = 1; i <= near && cursor->at + i < order->nr_pages; i++)
		if (order->page[cursor->at + i] == name)
			return i;
	return 0;
}

static bool is_overtaken(const struct usm_order *order, uint32_t at,
			 uint32_t name)
{
	uint32_t i;

	for (i = 0; i <= NEAR_MAX && i <= at; i++)
		if (order->page[at - i] == name)
			return true;
	return false;
}

/* The cursor with the page closest behind it, or NULL. */
static struct cursor *confirmed(struct usm_follow *follow, uint32_t name,
				uint32_t *distance)
{
	struct cursor *closest = NULL;
	uint32_t i, there;

	for (i = 0; i < CURSORS; i++) {
		struct cursor *cursor = &follow->cursor[i];

		if (cursor->at == NONE)
			continue;
		there = distance_behind(&follow->order, cursor, name);
		if (there && (!closest || there < *distance)) {
			closest = cursor;
			*distance = there;
		}
	}
	return closest;
}

static bool was_passed(const struct usm_follow *follow, uint32_t name)
{
	uint32_t i;

	for (i = 0; i < CURSORS; i++)
		if (follow->cursor[i].at != NONE &&
		    follow->cursor[i].confidence &&
		    is_overtaken(&follow->order, follow->cursor[i].at, name))
			return true;
	return false;
}

/* The next place of the page after where things were last, else the first. */
static uint32_t place_of(const struct usm_follow *follow, uint32_t name)
{
	uint32_t after = follow->cursor[follow->last].at;
	uint32_t place = follow->first[chain_of(name)], found = NONE;
	int i;

	for (i = 0; place != NONE && i < PLACES_MAX; i++) {
		if (follow->order.page[place] == name) {
			if (after == NONE || place > after)
				return place;
			if (found == NONE)
				found = place;
		}
		place = follow->next[place];
	}
	return found;
}

/* Where the two pages that were needed last come one after the other. */
static uint32_t place_of_pair(const struct usm_follow *follow, uint32_t before,
			      uint32_t name)
{
	uint32_t place = follow->first[chain_of(name)];
	int i;

	for (i = 0; place != NONE && i < PLACES_MAX; i++) {
		if (place && follow->order.page[place] == name &&
		    follow->order.page[place - 1] == before)
			return place;
		place = follow->next[place];
	}
	return NONE;
}

/* In the place of what was not followed for longest. */
static struct cursor *begin(struct usm_follow *follow, uint32_t place)
{
	uint32_t oldest = 0, i;

	for (i = 1; i < CURSORS; i++)
		if (follow->cursor[i].turn < follow->cursor[oldest].turn)
			oldest = i;
	follow->cursor[oldest] = (struct cursor){
		.at = place,
		.asked = place + 1,
		.turn = follow->turn,
	};
	follow->last = oldest;
	return &follow->cursor[oldest];
}

/*
 * The cursor that the page confirms, now standing there, or NULL.  Two pages as
 * they came then count for more than one that is merely near: a walk with a
 * stride is near one page by page all the way.
 */
static struct cursor *step(struct usm_follow *follow, uint32_t before,
			   uint32_t name)
{
	uint32_t distance = 0, place;
	struct cursor *cursor = confirmed(follow, name, &distance);

	if (distance != 1) {
		place = place_of_pair(follow, before, name);
		if (place != NONE) {
			cursor = begin(follow, place - 1);
			distance = 1;
		}
	}
	if (cursor) {
		cursor->at += distance;
		return cursor;
	}
	place = was_passed(follow, name) ? NONE : place_of(follow, name);
	if (place != NONE)
		begin(follow, place);
	return NULL;
}

/* The address of a page of the order; false: it has no such mapping. */
static bool address_of(const struct usm_follow *follow,
		       const struct usm_mappings *mappings, uint32_t name,
		       uint64_t *addr)
{
	uint32_t mapping = follow->live[usm_order_mapping(name)];
	const struct usm_mapping *in;

	if (mapping == NONE)
		return false;
	in = &mappings->mapping[mapping];
	*addr = in->start + (uint64_t)usm_order_offset(name) * USM_FRAME_BYTES;
	return *addr >= in->low && *addr < in->high;
}

static uint32_t ask(const struct usm_follow *follow,
		    const struct usm_mappings *mappings, struct cursor *cursor,
		    uint32_t end, uint64_t *wants, uint32_t nr)
{
	uint32_t asked = 0;

	if (end > follow->order.nr_pages)
		end = follow->order.nr_pages;
	for (; cursor->asked < end && asked < nr; cursor->asked++)
		asked += address_of(follow, mappings,
				    follow->order.page[cursor->asked],
				    &wants[asked]);
	return asked;
}

static uint32_t ask_again(const struct usm_follow *follow,
			  const struct usm_mappings *mappings,
			  const struct cursor *cursor, uint64_t *wants,
			  uint32_t nr)
{
	uint32_t asked = 0, place, end = cursor->at + 1 + AGAIN;

	if (end > cursor->asked)
		end = cursor->asked;
	if (end > follow->order.nr_pages)
		end = follow->order.nr_pages;
	for (place = cursor->at + 1; place < end && asked < nr; place++)
		asked += address_of(follow, mappings, follow->order.page[place],
				    &wants[asked]);
	return asked;
}

static uint32_t depth_of(const struct cursor *cursor, uint32_t max)
{
	uint32_t depth = 1U << cursor->confidence;

	return depth < max ? depth : max;
}

uint32_t usm_follow_needed(struct usm_follow *follow,
			   const struct usm_mappings *mappings,
			   uint32_t mapping, uint64_t addr, uint32_t max,
			   uint64_t *wants, uint32_t nr)
{
	int64_t offset = usm_mappings_offset(&mappings->mapping[mapping], addr);
	uint32_t name, before = follow->before, depth, asked;
	struct cursor *cursor;

	if (follow->meant[mapping] == NONE ||
	    !usm_order_name(follow->meant[mapping], offset, &name))
		return 0;
	follow->turn++;
	follow->before = name;
	cursor = step(follow, before, name);
	if (!cursor)
		return 0;
	follow->last = (uint32_t)(cursor - follow->cursor);
	cursor->turn = follow->turn;
	if (cursor->confidence < CONFIDENCE_MAX)
		cursor->confidence++;
	if (cursor->asked <= cursor->at)
		cursor->asked = cursor->at + 1;
	depth = depth_of(cursor, max);
	asked = ask_again(follow, mappings, cursor, wants, nr);
	/* Half of what was asked for is left: it is time for more. */
	if (cursor->asked - cursor->at - 1 > depth / 2)
		return asked;
	return asked + ask(follow, mappings, cursor, cursor->at + 1 + depth,
			   wants + asked, nr - asked);
}

void usm_follow_unused(struct usm_follow *follow)
{
	struct cursor *cursor = &follow->cursor[follow->last];

	if (cursor->confidence)
		cursor->confidence--;
}
