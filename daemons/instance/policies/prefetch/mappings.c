/* SPDX-License-Identifier: MIT */
#include "instance/policies/prefetch/mappings.h"

#include <stdbool.h>

#include "common/frame_size.h"

static bool contains(const struct usm_mapping *mapping, uint64_t addr)
{
	return addr >= mapping->low && addr < mapping->high;
}

static bool overlaps(const struct usm_mapping *mapping,
		     const struct usm_fault *fault)
{
	return fault->vma_start < mapping->high &&
	       mapping->low < fault->vma_end;
}

/* The one that has the page; else one that the fault's has grown from. */
static uint32_t find(const struct usm_mappings *mappings,
		     const struct usm_fault *fault)
{
	uint32_t i;

	if (mappings->last < mappings->nr &&
	    contains(&mappings->mapping[mappings->last], fault->addr))
		return mappings->last;
	for (i = 0; i < mappings->nr; i++)
		if (contains(&mappings->mapping[i], fault->addr))
			return i;
	for (i = 0; i < mappings->nr; i++)
		if (overlaps(&mappings->mapping[i], fault))
			return i;
	return USM_MAPPINGS_NONE;
}

/* As far as no other was seen: two may have become one. */
static void grow(const struct usm_mappings *mappings,
		 struct usm_mapping *mapping, const struct usm_fault *fault)
{
	uint64_t low = fault->vma_start, high = fault->vma_end;
	uint32_t i;

	for (i = 0; i < mappings->nr; i++) {
		const struct usm_mapping *other = &mappings->mapping[i];

		if (other->high <= mapping->low && other->high > low)
			low = other->high;
		if (other->low >= mapping->high && other->low < high)
			high = other->low;
	}
	if (low < mapping->low)
		mapping->low = low;
	if (high > mapping->high)
		mapping->high = high;
}

uint32_t usm_mappings_of(struct usm_mappings *mappings,
			 const struct usm_fault *fault)
{
	uint32_t at = find(mappings, fault);
	struct usm_mapping *mapping;

	if (at == USM_MAPPINGS_NONE) {
		if (mappings->nr == USM_MAPPINGS_MAX)
			return USM_MAPPINGS_NONE;
		at = mappings->nr++;
		mappings->mapping[at] = (struct usm_mapping){
			.start = fault->vma_start,
			.bytes = fault->vma_end - fault->vma_start,
			.low = fault->vma_start,
			.high = fault->vma_end,
		};
	}
	mapping = &mappings->mapping[at];
	if (fault->vma_start < mapping->low || fault->vma_end > mapping->high)
		grow(mappings, mapping, fault);
	mappings->last = at;
	return at;
}

int64_t usm_mappings_offset(const struct usm_mapping *mapping, uint64_t addr)
{
	return (int64_t)(addr - mapping->start) / (int64_t)USM_FRAME_BYTES;
}
