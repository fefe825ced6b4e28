/* SPDX-License-Identifier: MIT */
/*
 * members.h - the address spaces an instance serves, by the kernel's id.
 *
 * Fed by /proc/usm; when records were lost, by USM_IOC_MEMBERS.  Kept sorted;
 * the kernel's ids ascend, so a new one goes to the end.  One thread.
 */
#ifndef USM_INSTANCE_MEMBERS_H
#define USM_INSTANCE_MEMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "usm.h"

struct usm_member {
	uint32_t member;
	uint32_t parent; /* 0: bound from outside */
	int32_t pid;
	uint64_t start_time_ns;
	char comm[16]; /* always terminated */
};

struct usm_members_table {
	struct usm_member *entry;
	size_t nr, room;
};

/* Frees it; a zeroed struct is an empty table. */
void usm_members_fini(struct usm_members_table *table);

/* The member of that id, or NULL; valid until the table changes. */
const struct usm_member *usm_members_find(const struct usm_members_table *table,
					  uint32_t member);

/*
 * Applies one event other than USM_EVENT_LOST.  gone: set to the member that
 * ended, or 0.  ENOMEM; EINVAL: no such type.
 */
int usm_members_apply(struct usm_members_table *table,
		      const struct usm_event *event, uint32_t *gone);

/*
 * Makes the table what the kernel listed (ascending ids).  Every member that disappears is handed to gone(ctx, member).
 * ENOMEM: nothing changed.
 */
int usm_members_resync(struct usm_members_table *table,
		       const struct usm_member_info *info, size_t nr,
		       void (*gone)(void *ctx, uint32_t member), void *ctx);

#endif /* USM_INSTANCE_MEMBERS_H */
