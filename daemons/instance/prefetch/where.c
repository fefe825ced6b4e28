/* SPDX-License-Identifier: MIT */
#include "instance/prefetch/where.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/swap/map.h"
#include "usm_policy.h"

/* Chains are by slot; no page has slot 0. */
struct entry {
	uint64_t addr;
	uint32_t member;
	uint32_t tag; /* of the cookie; 0: nothing is known */
};

struct usm_where {
	uint32_t nr_slots;
	uint32_t shift; /* from a hash to its chain */
	struct entry *entry; /* [nr_slots] */
	uint32_t *next; /* [nr_slots] */
	uint32_t *first; /* of each chain */
};

int usm_where_create(uint32_t nr_slots, struct usm_where **out)
{
	struct usm_where *where = calloc(1, sizeof(*where));
	uint32_t bits = 1;

	if (!where)
		return -ENOMEM;
	while (bits < 31 && 1U << bits < nr_slots)
		bits++;
	where->nr_slots = nr_slots;
	where->shift = 64 - bits;
	where->entry = calloc((size_t)nr_slots + 1, sizeof(*where->entry));
	where->next = calloc((size_t)nr_slots + 1, sizeof(*where->next));
	where->first = calloc(1UL << bits, sizeof(*where->first));
	if (!where->entry || !where->next || !where->first) {
		usm_where_destroy(where);
		return -ENOMEM;
	}
	*out = where;
	return 0;
}

void usm_where_destroy(struct usm_where *where)
{
	if (!where)
		return;
	free(where->entry);
	free(where->next);
	free(where->first);
	free(where);
}

/* Fibonacci hashing: pages that lie together go apart. */
static uint32_t *chain_of(const struct usm_where *where, uint32_t member,
			  uint64_t addr)
{
	uint64_t hash = usm_page_id(member, addr) * 0x9e3779b97f4a7c15ULL;

	return &where->first[hash >> where->shift];
}

static void remove_slot(struct usm_where *where, uint32_t slot)
{
	struct entry *entry = &where->entry[slot];
	uint32_t *at;

	if (!entry->tag)
		return;
	at = chain_of(where, entry->member, entry->addr);
	while (*at != slot)
		at = &where->next[*at];
	*at = where->next[slot];
	entry->tag = 0;
}

void usm_where_set(struct usm_where *where, uint32_t member, uint64_t addr,
		   uint64_t cookie)
{
	uint32_t slot = usm_swap_slot(cookie), *first;

	if (!slot || slot >= where->nr_slots || !(cookie >> 32))
		return;
	remove_slot(where, slot);
	where->entry[slot] = (struct entry){
		.addr = addr,
		.member = member,
		.tag = (uint32_t)(cookie >> 32),
	};
	/* In front of what is out of date for the same page. */
	first = chain_of(where, member, addr);
	where->next[slot] = *first;
	*first = slot;
}

uint64_t usm_where_find(const struct usm_where *where, uint32_t member,
			uint64_t addr)
{
	uint32_t slot = *chain_of(where, member, addr);

	for (; slot; slot = where->next[slot]) {
		const struct entry *entry = &where->entry[slot];

		if (entry->member == member && entry->addr == addr)
			return (uint64_t)entry->tag << 32 | slot;
	}
	return 0;
}

void usm_where_forget(struct usm_where *where, uint64_t cookie)
{
	uint32_t slot = usm_swap_slot(cookie);

	if (slot < where->nr_slots &&
	    where->entry[slot].tag == (uint32_t)(cookie >> 32))
		remove_slot(where, slot);
}
