/* SPDX-License-Identifier: MIT */
/*
 * compressed_entry.h - what a compressed store says of a slot, in one word.
 *
 * One word, because whoever is killed has either written it or not: that is
 * all there is to a store that is never half done.
 *
 *   bits   0-1    2-14    15-19   20-63
 *          kind   bytes   class   place        PACKED, RAW
 *          SAME   0       0       32-63: the word the page is full of
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_COMPRESSED_ENTRY_H
#define USM_INSTANCE_POLICIES_SWAP_COMPRESSED_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/frame_size.h"

enum usm_entry_kind {
	USM_ENTRY_NONE, /* nothing was stored, or it was dropped */
	USM_ENTRY_SAME, /* all words of 32 bits are the same */
	USM_ENTRY_PACKED,
	USM_ENTRY_RAW, /* a page that packing does not make smaller */
};

static inline uint64_t usm_entry_same(uint32_t word)
{
	return (uint64_t)word << 32 | USM_ENTRY_SAME;
}

static inline uint64_t usm_entry_block(enum usm_entry_kind kind, uint32_t bytes,
				       unsigned int class, uint64_t place)
{
	return (uint64_t)kind | (uint64_t)bytes << 2 | (uint64_t) class << 15 |
	       place << 20;
}

static inline enum usm_entry_kind usm_entry_kind(uint64_t entry)
{
	return (enum usm_entry_kind)(entry & 3);
}

/* Is there a block to it? */
static inline bool usm_entry_has_block(uint64_t entry)
{
	return usm_entry_kind(entry) >= USM_ENTRY_PACKED;
}

static inline uint32_t usm_entry_word(uint64_t entry)
{
	return (uint32_t)(entry >> 32);
}

static inline uint32_t usm_entry_bytes(uint64_t entry)
{
	return entry >> 2 & 0x1fff;
}

static inline unsigned int usm_entry_class(uint64_t entry)
{
	return entry >> 15 & 0x1f;
}

static inline uint64_t usm_entry_place(uint64_t entry)
{
	return entry >> 20;
}

/* Is the page full of its first word?  Most are told by the first look. */
static inline bool usm_page_is_same(const void *page)
{
	const char *bytes = page;

	return !memcmp(bytes, bytes + sizeof(uint32_t),
		       USM_FRAME_BYTES - sizeof(uint32_t));
}

#endif /* USM_INSTANCE_POLICIES_SWAP_COMPRESSED_ENTRY_H */
