/* SPDX-License-Identifier: MIT */
/*
 * roster.h - what members are called: written by who reads announcements, read
 * by who serves faults, whose mailbox has no room for names.
 *
 * The last so many members, by number; what a number had before is forgotten.
 * A hint that may be missing.  Any thread.
 */
#ifndef USM_INSTANCE_RECORDS_ROSTER_H
#define USM_INSTANCE_RECORDS_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/records/record.h"

/* More processes than that at once are rare, and lose a hint. */
#define USM_ROSTER_MEMBERS 1024U

struct usm_roster;

struct usm_roster_entry {
	uint32_t member; /* 0: none */
	uint32_t tgid;
	char program[USM_PROGRAM_SIZE];
};

/* *out is the caller's.  ENOMEM. */
int usm_roster_create(struct usm_roster **out);

/* Frees it; NULL is fine. */
void usm_roster_destroy(struct usm_roster *roster);

/* program: at most USM_PROGRAM_SIZE - 1 bytes of it count. */
void usm_roster_add(struct usm_roster *roster, uint32_t member, uint32_t tgid,
		    const char *program);

/* Who it is; false: nothing is known, *out untouched. */
bool usm_roster_find(struct usm_roster *roster, uint32_t member,
		     struct usm_roster_entry *out);

/* Entry i, [0, USM_ROSTER_MEMBERS), as for find. */
bool usm_roster_at(struct usm_roster *roster, uint32_t i,
		   struct usm_roster_entry *out);

void usm_roster_remove(struct usm_roster *roster, uint32_t member);

#endif /* USM_INSTANCE_RECORDS_ROSTER_H */
