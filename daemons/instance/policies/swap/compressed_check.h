/* SPDX-License-Identifier: MIT */
/*
 * compressed_check.h - is the index of a compressed store one that can be?
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_COMPRESSED_CHECK_H
#define USM_INSTANCE_POLICIES_SWAP_COMPRESSED_CHECK_H

#include <stdint.h>

#include "instance/policies/swap/blocks.h"
#include "instance/policies/swap/compressed_file.h"

struct usm_compressed_damage {
	uint32_t slot;
	const char *reason; /* a constant */
};

/*
 * Marks every block that the index names, in blocks that are all free.
 * -EBADMSG: *damage says what is wrong first; any content of the file is safe
 * to check.  Content of blocks is checked when it is loaded, not here.
 */
int usm_compressed_check(const struct usm_compressed_file *file,
			 struct usm_blocks *blocks,
			 struct usm_compressed_damage *damage);

#endif /* USM_INSTANCE_POLICIES_SWAP_COMPRESSED_CHECK_H */
