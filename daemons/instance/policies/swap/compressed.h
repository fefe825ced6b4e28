/* SPDX-License-Identifier: MIT */
/*
 * compressed.h - the swap devices "lz4" and "zstd": pages are packed and stay
 * in memory.
 *
 * The place of a page is one word of an index.  A page that is stored goes to
 * a block that nothing speaks of, then the word is written, then the block of
 * its predecessor is free: a daemon that is killed at any instruction leaves
 * each slot as it was or as it was to be.  Which blocks are free is not kept;
 * the next daemon finds it by the index.
 *
 * Pages that are full of one word of 32 bits are in the index alone, those
 * that packing does not help are kept as they are.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_COMPRESSED_H
#define USM_INSTANCE_POLICIES_SWAP_COMPRESSED_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/failure.h"
#include "instance/policies/swap/codec.h"
#include "instance/policies/swap/device.h"
#include "instance/policies/swap/header.h"

struct usm_compressed_options {
	const struct usm_codec *codec;
	uint64_t memory_max; /* bytes it may take, at most */
	/*
	 * There is another device below it (tiered.h): store() answers
	 * -EMSGSIZE for pages that packing does not make smaller, and a file
	 * without pages stays what it is when it is closed.
	 */
	bool upper;
};

/*
 * Opens the store in file->path, room for file->bytes of pages; store() is
 * -ENOSPC when memory_max is used up.  *fresh as usm_swap_file_open().  A file
 * whose index names what cannot be is refused.  *out belongs to the caller
 * (usm_swap_device_close).
 */
int usm_swap_compressed_open(const struct usm_swap_file *file,
			     const struct usm_compressed_options *options,
			     struct usm_swap_device *out, bool *fresh,
			     struct usm_failure *failure);

/* Is there a page in a slot of such a device? */
bool usm_swap_compressed_holds(const struct usm_swap_device *device,
			       uint32_t slot);

#endif /* USM_INSTANCE_POLICIES_SWAP_COMPRESSED_H */
