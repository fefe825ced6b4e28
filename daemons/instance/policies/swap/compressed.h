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

/*
 * Opens the store in options->path, room for options->bytes of pages in at
 * most memory_max bytes of memory; store() is -ENOSPC when that is used up.
 * *fresh as usm_swap_file_open().  A file whose index names what cannot be is
 * refused.  *out belongs to the caller (usm_swap_device_close).
 */
int usm_swap_compressed_open(const struct usm_swap_file *options,
			     const struct usm_codec *codec, uint64_t memory_max,
			     struct usm_swap_device *out, bool *fresh,
			     struct usm_failure *failure);

#endif /* USM_INSTANCE_POLICIES_SWAP_COMPRESSED_H */
