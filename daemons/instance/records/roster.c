/* SPDX-License-Identifier: MIT */
#include "instance/records/roster.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct usm_roster {
	pthread_mutex_t lock;
	struct usm_roster_entry entry[USM_ROSTER_MEMBERS];
};

int usm_roster_create(struct usm_roster **out)
{
	struct usm_roster *roster = calloc(1, sizeof(*roster));

	if (!roster)
		return -ENOMEM;
	pthread_mutex_init(&roster->lock, NULL);
	*out = roster;
	return 0;
}

void usm_roster_destroy(struct usm_roster *roster)
{
	if (!roster)
		return;
	pthread_mutex_destroy(&roster->lock);
	free(roster);
}

void usm_roster_add(struct usm_roster *roster, uint32_t member, uint32_t tgid,
		    const char *program)
{
	struct usm_roster_entry *entry =
		&roster->entry[member % USM_ROSTER_MEMBERS];

	pthread_mutex_lock(&roster->lock);
	*entry = (struct usm_roster_entry){
		.member = member,
		.tgid = tgid,
	};
	snprintf(entry->program, sizeof(entry->program), "%s", program);
	pthread_mutex_unlock(&roster->lock);
}

bool usm_roster_at(struct usm_roster *roster, uint32_t i,
		   struct usm_roster_entry *out)
{
	bool there;

	pthread_mutex_lock(&roster->lock);
	there = roster->entry[i].member;
	if (there)
		*out = roster->entry[i];
	pthread_mutex_unlock(&roster->lock);
	return there;
}

bool usm_roster_find(struct usm_roster *roster, uint32_t member,
		     struct usm_roster_entry *out)
{
	struct usm_roster_entry found;

	if (!usm_roster_at(roster, member % USM_ROSTER_MEMBERS, &found) ||
	    found.member != member)
		return false;
	*out = found;
	return true;
}

void usm_roster_remove(struct usm_roster *roster, uint32_t member)
{
	struct usm_roster_entry *entry =
		&roster->entry[member % USM_ROSTER_MEMBERS];

	pthread_mutex_lock(&roster->lock);
	if (entry->member == member)
		*entry = (struct usm_roster_entry){ 0 };
	pthread_mutex_unlock(&roster->lock);
}
