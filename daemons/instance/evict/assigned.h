/* SPDX-License-Identifier: MIT */
/*
 * assigned.h - to which group each member belongs, as far as was said.
 *
 * Asked for every page that is placed: a hash table, O(1).  One thread.
 */
#ifndef USM_INSTANCE_EVICT_ASSIGNED_H
#define USM_INSTANCE_EVICT_ASSIGNED_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A megabyte.  Beyond so many, new ones are in group 0: a policy decides
 * worse, no more.
 */
#define USM_ASSIGNED_MAX 65536U

struct usm_assigned_entry {
	uint32_t member; /* 0: free */
	uint16_t group;
	bool said; /* or it was only seen */
};

struct usm_assigned {
	uint32_t nr;
	uint32_t room; /* a power of two, 0 at first */
	struct usm_assigned_entry *entry;
};

/* Frees it; a zeroed struct is an empty one. */
void usm_assigned_fini(struct usm_assigned *assigned);

/* Is anything known of it; which group (0 if nothing is).  Never member 0. */
bool usm_assigned_has(const struct usm_assigned *assigned, uint32_t member);
uint32_t usm_assigned_group(const struct usm_assigned *assigned,
			    uint32_t member);

/*
 * False: no memory, or full, and it stays unknown.  It grows by doubling; when
 * it is full those that were only seen make room.
 */
bool usm_assigned_set(struct usm_assigned *assigned, uint32_t member,
		      uint32_t group);

/*
 * It was seen and nothing said of it, at least not yet: it may have ended
 * already.  In group 0.  As above, but makes no room.  Never one that is known.
 */
bool usm_assigned_see(struct usm_assigned *assigned, uint32_t member);

/* Nothing known: fine. */
void usm_assigned_forget(struct usm_assigned *assigned, uint32_t member);

#endif /* USM_INSTANCE_EVICT_ASSIGNED_H */
