/* SPDX-License-Identifier: MIT */
#include "instance/policies/swap/compressed_check.h"

#include <errno.h>
#include <stddef.h>

#include "common/frame_size.h"
#include "instance/policies/swap/compressed_entry.h"

/* What is wrong with it, or NULL. */
static const char *check_same(uint64_t entry)
{
	return entry == usm_entry_same(usm_entry_word(entry))
		       ? NULL
		       : "a filled page with more than its word";
}

static const char *check_block(const struct usm_compressed_file *file,
			       struct usm_blocks *blocks, uint32_t slot,
			       uint64_t entry)
{
	uint32_t bytes = usm_entry_bytes(entry);
	uint64_t place = usm_entry_place(entry);

	if (usm_entry_kind(entry) == USM_ENTRY_RAW
		    ? bytes != USM_FRAME_BYTES
		    : !bytes || bytes >= USM_FRAME_BYTES)
		return "a length that no page has";
	switch (usm_blocks_mark(blocks, place, usm_entry_class(entry))) {
	case 0:
		break;
	case -ERANGE:
		return "a block beyond the end";
	case -EEXIST:
		return "the block of another slot";
	default:
		return "a block that cannot be there";
	}
	if (bytes + sizeof(struct usm_block_header) >
	    usm_blocks_bytes(usm_entry_class(entry)))
		return "more than its block holds";
	if (usm_compressed_block(file, place)->slot != slot)
		return "a block that says it is another slot's";
	return NULL;
}

int usm_compressed_check(const struct usm_compressed_file *file,
			 struct usm_blocks *blocks,
			 struct usm_compressed_damage *damage)
{
	const char *reason = NULL;
	uint32_t slot;

	if (file->index[0]) {
		*damage = (struct usm_compressed_damage){
			.slot = 0,
			.reason = "something where nothing goes",
		};
		return -EBADMSG;
	}
	for (slot = 1; slot < file->nr_slots; slot++) {
		uint64_t entry = file->index[slot];

		if (usm_entry_kind(entry) == USM_ENTRY_NONE)
			reason = entry ? "something of no kind" : NULL;
		else if (usm_entry_kind(entry) == USM_ENTRY_SAME)
			reason = check_same(entry);
		else
			reason = check_block(file, blocks, slot, entry);
		if (reason) {
			*damage = (struct usm_compressed_damage){
				.slot = slot,
				.reason = reason,
			};
			return -EBADMSG;
		}
	}
	return 0;
}
