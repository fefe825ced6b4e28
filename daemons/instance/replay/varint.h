/* SPDX-License-Identifier: MIT */
/*
 * varint.h - numbers in as few bytes as they need: seven bits a byte, the
 * lowest first, the top bit set in all but the last (LEB128).
 */
#ifndef USM_INSTANCE_REPLAY_VARINT_H
#define USM_INSTANCE_REPLAY_VARINT_H

#include <stddef.h>
#include <stdint.h>

/* What 64 bits need at most. */
#define USM_VARINT_MAX 10

/* Writes at most USM_VARINT_MAX bytes, returns how many. */
static inline size_t usm_varint_put(uint8_t *to, uint64_t value)
{
	size_t size = 0;

	for (; value >= 0x80; value >>= 7)
		to[size++] = (uint8_t)(value | 0x80);
	to[size++] = (uint8_t)value;
	return size;
}

/*
 * Reads one from at most `left` bytes.  Returns how many it took; 0 when they
 * end inside of it or it does not fit 64 bits, *value is untouched then.
 */
static inline size_t usm_varint_get(const uint8_t *from, size_t left,
				    uint64_t *value)
{
	uint64_t got = 0;
	size_t size;

	for (size = 0; size < left && size < USM_VARINT_MAX; size++) {
		uint64_t bits = from[size] & 0x7f;
		unsigned int shift = 7 * (unsigned int)size;

		if (bits << shift >> shift != bits)
			return 0;
		got |= bits << shift;
		if (!(from[size] & 0x80)) {
			*value = got;
			return size + 1;
		}
	}
	return 0;
}

/* Signed numbers near zero become small: 0, -1, 1, -2, 2 as 0, 1, 2, 3, 4. */
static inline uint64_t usm_zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t usm_unzigzag(uint64_t value)
{
	return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

#endif /* USM_INSTANCE_REPLAY_VARINT_H */
