/* SPDX-License-Identifier: MIT */
/*
 * checksum.h - tells a damaged block from a whole one.
 *
 * Not against anybody's intent, who could write a right sum as well: against
 * stray writes and files that are not what they say.  Each step is a bijection
 * of the sum, so one changed word always changes a lane.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_CHECKSUM_H
#define USM_INSTANCE_POLICIES_SWAP_CHECKSUM_H

#include <stdint.h>
#include <string.h>

/* Lanes run side by side: the multiplications do not wait for each other. */
#define USM_CHECKSUM_LANES 4

static inline uint64_t usm_checksum_step(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x9E3779B97F4A7C15ULL; /* 2^64 / golden ratio */
	return sum ^ sum >> 32;
}

/* Of `bytes` bytes at data, for the block of `slot`. */
static inline uint32_t usm_checksum(uint32_t slot, const void *data,
				    uint32_t bytes)
{
	uint64_t lane[USM_CHECKSUM_LANES] = { slot, bytes, 0, 0 };
	uint64_t words[USM_CHECKSUM_LANES];
	const char *at = data;
	uint32_t i;

	for (; bytes >= sizeof(words); bytes -= sizeof(words)) {
		memcpy(words, at, sizeof(words));
		at += sizeof(words);
		for (i = 0; i < USM_CHECKSUM_LANES; i++)
			lane[i] = usm_checksum_step(lane[i], words[i]);
	}
	memset(words, 0, sizeof(words));
	memcpy(words, at, bytes);
	for (i = 0; i < USM_CHECKSUM_LANES; i++)
		lane[i] = usm_checksum_step(lane[i], words[i]);
	for (i = 1; i < USM_CHECKSUM_LANES; i++)
		lane[0] = usm_checksum_step(lane[0], lane[i]);
	return (uint32_t)lane[0];
}

#endif /* USM_INSTANCE_POLICIES_SWAP_CHECKSUM_H */
