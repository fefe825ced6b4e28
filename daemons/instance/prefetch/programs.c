/* SPDX-License-Identifier: MIT */
#include "instance/prefetch/programs.h"

#include <stdio.h>

static struct usm_record_key key_of(const struct usm_checked_prefetch *policy,
				    const struct usm_roster_entry *entry)
{
	struct usm_record_key key = { 0 };

	snprintf(key.policy, sizeof(key.policy), "%s",
		 usm_checked_prefetch_name(policy));
	snprintf(key.program, sizeof(key.program), "%s", entry->program);
	return key;
}

static void recall(struct usm_programs *programs,
		   struct usm_checked_prefetch *policy,
		   const struct usm_roster_entry *entry)
{
	struct usm_record_key key = key_of(policy, entry);
	uint32_t bytes =
		usm_archive_get(programs->archive, &key, programs->memory);

	if (bytes)
		usm_checked_prefetch_recall(policy, entry->member,
					    programs->memory, bytes);
}

static void remember(struct usm_programs *programs,
		     struct usm_checked_prefetch *policy,
		     const struct usm_roster_entry *entry)
{
	struct usm_record_key key = key_of(policy, entry);
	uint32_t bytes = usm_checked_prefetch_remember(
		policy, entry->member, programs->memory,
		sizeof(programs->memory));

	/* Short of memory it is not remembered: a hint is lost. */
	if (bytes)
		usm_archive_put(programs->archive, &key, programs->memory,
				bytes);
}

void usm_programs_begin(struct usm_programs *programs,
			struct usm_checked_prefetch *policy, uint32_t member)
{
	struct usm_roster_entry entry;

	if (programs->roster &&
	    usm_roster_find(programs->roster, member, &entry))
		recall(programs, policy, &entry);
}

void usm_programs_end(struct usm_programs *programs,
		      struct usm_checked_prefetch *policy, uint32_t member)
{
	struct usm_roster_entry entry;

	if (!programs->roster ||
	    !usm_roster_find(programs->roster, member, &entry))
		return;
	if (policy)
		remember(programs, policy, &entry);
	usm_roster_remove(programs->roster, member);
}

void usm_programs_end_all(struct usm_programs *programs,
			  struct usm_checked_prefetch *policy)
{
	struct usm_roster_entry entry;
	uint32_t i;

	for (i = 0; programs->roster && i < USM_ROSTER_MEMBERS; i++)
		if (usm_roster_at(programs->roster, i, &entry))
			remember(programs, policy, &entry);
}

void usm_programs_begin_all(struct usm_programs *programs,
			    struct usm_checked_prefetch *policy)
{
	struct usm_roster_entry entry;
	uint32_t i;

	for (i = 0; programs->roster && i < USM_ROSTER_MEMBERS; i++) {
		if (!usm_roster_at(programs->roster, i, &entry))
			continue;
		usm_checked_prefetch_process_new(policy,
						 &(struct usm_process){
							 .member = entry.member,
							 .tgid = entry.tgid,
						 });
		recall(programs, policy, &entry);
	}
}
