/* SPDX-License-Identifier: MIT */
#include "instance/members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A first room that fits most tenants; doubled when it does not. */
#define ROOM_MIN 16

void usm_members_fini(struct usm_members_table *table)
{
	free(table->entry);
	memset(table, 0, sizeof(*table));
}

/* Where `member` is, or would be inserted. */
static size_t position(const struct usm_members_table *table, uint32_t member)
{
	size_t low = 0, high = table->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->entry[middle].member < member)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct usm_member *usm_members_find(const struct usm_members_table *table,
					  uint32_t member)
{
	size_t at = position(table, member);

	if (at == table->nr || table->entry[at].member != member)
		return NULL;
	return &table->entry[at];
}

static int insert(struct usm_members_table *table,
		  const struct usm_member *member)
{
	size_t at = position(table, member->member);

	if (at < table->nr && table->entry[at].member == member->member) {
		table->entry[at] = *member;
		return 0;
	}
	if (table->nr == table->room) {
		size_t room = table->room ? table->room * 2 : ROOM_MIN;
		void *grown =
			reallocarray(table->entry, room, sizeof(*table->entry));

		if (!grown)
			return -ENOMEM;
		table->entry = grown;
		table->room = room;
	}
	memmove(&table->entry[at + 1], &table->entry[at],
		(table->nr - at) * sizeof(*table->entry));
	table->entry[at] = *member;
	table->nr++;
	return 0;
}

static void erase(struct usm_members_table *table, uint32_t member)
{
	size_t at = position(table, member);

	if (at == table->nr || table->entry[at].member != member)
		return;
	table->nr--;
	memmove(&table->entry[at], &table->entry[at + 1],
		(table->nr - at) * sizeof(*table->entry));
}

int usm_members_apply(struct usm_members_table *table,
		      const struct usm_event *event, uint32_t *gone)
{
	struct usm_member member = {
		.member = event->member,
		.parent = event->parent,
		.pid = event->pid,
		.start_time_ns = event->start_time_ns,
	};
	int err;

	memcpy(member.comm, event->comm, sizeof(member.comm) - 1);
	switch (event->type) {
	case USM_EVENT_BIND:
	case USM_EVENT_FORK:
	case USM_EVENT_EXEC:
		err = insert(table, &member);
		if (!err)
			*gone = 0;
		return err;
	case USM_EVENT_EXIT:
	case USM_EVENT_UNBIND:
		erase(table, event->member);
		*gone = event->member;
		return 0;
	default:
		return -EINVAL;
	}
}

int usm_members_resync(struct usm_members_table *table,
		       const struct usm_member_info *info, size_t nr,
		       void (*gone)(void *ctx, uint32_t member), void *ctx)
{
	struct usm_members_table fresh = { .room = nr };
	size_t i;

	fresh.entry = calloc(nr ? nr : 1, sizeof(*fresh.entry));
	if (!fresh.entry)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		struct usm_member *member = &fresh.entry[fresh.nr];
		const struct usm_member *known =
			usm_members_find(table, info[i].member);

		member->member = info[i].member;
		member->parent = known ? known->parent : 0;
		member->pid = info[i].pid;
		member->start_time_ns = info[i].start_time_ns;
		memcpy(member->comm, info[i].comm, sizeof(member->comm) - 1);
		fresh.nr++;
	}
	for (i = 0; i < table->nr; i++)
		if (!usm_members_find(&fresh, table->entry[i].member))
			gone(ctx, table->entry[i].member);
	free(table->entry);
	*table = fresh;
	return 0;
}
