/* SPDX-License-Identifier: MIT */
/*
 * codec.h - makes a page smaller and brings it back.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_CODEC_H
#define USM_INSTANCE_POLICIES_SWAP_CODEC_H

#include <stdint.h>

struct usm_codec {
	const char *name; /* as in the configuration */
	uint32_t id; /* in files; never given to another codec */

	/* Working memory, for one thread.  ENOMEM. */
	int (*create)(void **out);
	void (*destroy)(void *ctx); /* NULL is fine */

	/*
	 * Packs a page into at most `room` bytes, fewer than a page has;
	 * returns how many, or 0 when it does not fit.
	 */
	uint32_t (*pack)(void *ctx, const void *page, void *out, uint32_t room);

	/*
	 * Unpacks what pack() made.  Any input is safe; -EIO when it does not
	 * make exactly one page, which then holds anything.
	 */
	int (*unpack)(void *ctx, const void *packed, uint32_t bytes,
		      void *page);
};

/* LZ4, the fastest: a page costs less than a copy through a disk's queue. */
extern const struct usm_codec usm_codec_lz4;

/* Zstandard at its lowest level: smaller, at several times the time. */
extern const struct usm_codec usm_codec_zstd;

#endif /* USM_INSTANCE_POLICIES_SWAP_CODEC_H */
