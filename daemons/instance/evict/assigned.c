/* SPDX-License-Identifier: MIT */
#include "instance/evict/assigned.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64U

/* Members are numbered in a row: as they are they spread best. */
static uint32_t home_of(uint32_t room, uint32_t member)
{
	return member & (room - 1);
}

/* Where it is, or the free place where it would be; there is always one. */
static uint32_t find(const struct usm_assigned_entry *entry, uint32_t room,
		     uint32_t member)
{
	uint32_t at = home_of(room, member);

	while (entry[at].member && entry[at].member != member)
		at = (at + 1) & (room - 1);
	return at;
}

void usm_assigned_fini(struct usm_assigned *assigned)
{
	free(assigned->entry);
	memset(assigned, 0, sizeof(*assigned));
}

bool usm_assigned_has(const struct usm_assigned *assigned, uint32_t member)
{
	return assigned->room &&
	       assigned->entry[find(assigned->entry, assigned->room, member)]
		       .member;
}

uint32_t usm_assigned_group(const struct usm_assigned *assigned,
			    uint32_t member)
{
	if (!assigned->room)
		return 0;
	return assigned->entry[find(assigned->entry, assigned->room, member)]
		.group;
}

/* The same in a table of another size, without those only seen if `said`. */
static bool rebuild(struct usm_assigned *assigned, uint32_t room, bool said)
{
	struct usm_assigned_entry *entry = calloc(room, sizeof(*entry));
	uint32_t nr = 0, i;

	if (!entry)
		return false;
	for (i = 0; i < assigned->room; i++) {
		const struct usm_assigned_entry *old = &assigned->entry[i];

		if (!old->member || (said && !old->said))
			continue;
		entry[find(entry, room, old->member)] = *old;
		nr++;
	}
	free(assigned->entry);
	*assigned = (struct usm_assigned){
		.nr = nr,
		.room = room,
		.entry = entry,
	};
	return true;
}

/* Room for one more; half full at most, so that searches stay short. */
static bool make_room(struct usm_assigned *assigned)
{
	if (assigned->nr == USM_ASSIGNED_MAX)
		return false;
	return assigned->nr * 2 < assigned->room ||
	       rebuild(assigned, assigned->room ? assigned->room * 2 : ROOM_MIN,
		       false);
}

static void put(struct usm_assigned *assigned,
		const struct usm_assigned_entry *entry)
{
	assigned->entry[find(assigned->entry, assigned->room, entry->member)] =
		*entry;
}

bool usm_assigned_set(struct usm_assigned *assigned, uint32_t member,
		      uint32_t group)
{
	const struct usm_assigned_entry entry = {
		.member = member,
		.group = (uint16_t)group,
		.said = true,
	};

	if (!usm_assigned_has(assigned, member)) {
		if (assigned->nr == USM_ASSIGNED_MAX &&
		    !rebuild(assigned, assigned->room, true))
			return false;
		if (!make_room(assigned))
			return false;
		assigned->nr++;
	}
	put(assigned, &entry);
	return true;
}

bool usm_assigned_see(struct usm_assigned *assigned, uint32_t member)
{
	const struct usm_assigned_entry entry = { .member = member };

	if (!make_room(assigned))
		return false;
	assigned->nr++;
	put(assigned, &entry);
	return true;
}

void usm_assigned_forget(struct usm_assigned *assigned, uint32_t member)
{
	uint32_t mask = assigned->room - 1, hole, at;

	if (!usm_assigned_has(assigned, member))
		return;
	hole = find(assigned->entry, assigned->room, member);
	assigned->nr--;
	/* Those behind it move up, unless they are at or past their home. */
	for (at = (hole + 1) & mask; assigned->entry[at].member;
	     at = (at + 1) & mask) {
		uint32_t home =
			home_of(assigned->room, assigned->entry[at].member);

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		assigned->entry[hole] = assigned->entry[at];
		hole = at;
	}
	assigned->entry[hole] = (struct usm_assigned_entry){ 0 };
}
