/* SPDX-License-Identifier: MIT */
/*
 * crc32.h - the CRC of Ethernet, gzip and PNG (reflected 0xedb88320).
 */
#ifndef USM_COMMON_CRC32_H
#define USM_COMMON_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Of size bytes.  Bit by bit: what it is for is small. */
static inline uint32_t usm_crc32(const void *data, size_t size)
{
	const uint8_t *byte = data;
	uint32_t crc = UINT32_MAX;
	int bit;

	while (size--) {
		crc ^= *byte++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

#endif /* USM_COMMON_CRC32_H */
