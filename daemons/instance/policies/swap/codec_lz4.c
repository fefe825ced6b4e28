/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <lz4.h>
#include <stdlib.h>

#include "common/frame_size.h"
#include "instance/policies/swap/codec.h"

/* The library's default; more trades size for little time on so few bytes. */
#define ACCELERATION 1

static int create(void **out)
{
	void *state = malloc((size_t)LZ4_sizeofState());

	if (!state)
		return -ENOMEM;
	*out = state;
	return 0;
}

static uint32_t pack(void *ctx, const void *page, void *out, uint32_t room)
{
	int n = LZ4_compress_fast_extState(ctx, page, out, (int)USM_FRAME_BYTES,
					   (int)room, ACCELERATION);

	return n > 0 ? (uint32_t)n : 0;
}

static int unpack(void *ctx, const void *packed, uint32_t bytes, void *page)
{
	(void)ctx;
	return LZ4_decompress_safe(packed, page, (int)bytes,
				   (int)USM_FRAME_BYTES) == (int)USM_FRAME_BYTES
		       ? 0
		       : -EIO;
}

const struct usm_codec usm_codec_lz4 = {
	.name = "lz4",
	.id = 1,
	.create = create,
	.destroy = free,
	.pack = pack,
	.unpack = unpack,
};
