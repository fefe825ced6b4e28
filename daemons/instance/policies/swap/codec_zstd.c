/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "common/frame_size.h"
#include "instance/policies/swap/codec.h"

/* Higher ones gain little on one page and take much longer. */
#define LEVEL 1

struct zstd {
	ZSTD_CCtx *packer;
	ZSTD_DCtx *unpacker;
};

static void destroy(void *ctx)
{
	struct zstd *zstd = ctx;

	if (!zstd)
		return;
	ZSTD_freeCCtx(zstd->packer);
	ZSTD_freeDCtx(zstd->unpacker);
	free(zstd);
}

static int create(void **out)
{
	struct zstd *zstd = calloc(1, sizeof(*zstd));

	if (!zstd)
		return -ENOMEM;
	zstd->packer = ZSTD_createCCtx();
	zstd->unpacker = ZSTD_createDCtx();
	if (!zstd->packer || !zstd->unpacker) {
		destroy(zstd);
		return -ENOMEM;
	}
	*out = zstd;
	return 0;
}

static uint32_t pack(void *ctx, const void *page, void *out, uint32_t room)
{
	const struct zstd *zstd = ctx;
	size_t n = ZSTD_compressCCtx(zstd->packer, out, room, page,
				     USM_FRAME_BYTES, LEVEL);

	return ZSTD_isError(n) ? 0 : (uint32_t)n;
}

static int unpack(void *ctx, const void *packed, uint32_t bytes, void *page)
{
	const struct zstd *zstd = ctx;

	return ZSTD_decompressDCtx(zstd->unpacker, page, USM_FRAME_BYTES,
				   packed, bytes) == USM_FRAME_BYTES
		       ? 0
		       : -EIO;
}

const struct usm_codec usm_codec_zstd = {
	.name = "zstd",
	.id = 2,
	.create = create,
	.destroy = destroy,
	.pack = pack,
	.unpack = unpack,
};
