/* SPDX-License-Identifier: MIT */
/*
 * size.h - sizes as people write them: "128M", "1G", "4096".
 */
#ifndef USM_COMMON_SIZE_H
#define USM_COMMON_SIZE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Room for any size usm_size_format() writes: 20 digits, a suffix, the NUL.
 */
#define USM_SIZE_TEXT 24

/*
 * Reads a decimal number of bytes with an optional suffix K, M, G or T (powers
 * of 1024, upper or lower case).  No sign, no blanks, no fraction.
 * Returns 0, -EINVAL for anything else, -ERANGE above UINT64_MAX.
 * *bytes is untouched on failure.  Any thread.
 */
int usm_size_parse(const char *text, uint64_t *bytes);

/*
 * Writes the shortest exact form that usm_size_parse() reads back ("128M").
 * Always terminates buf; buf of USM_SIZE_TEXT bytes is always enough.
 */
void usm_size_format(uint64_t bytes, char *buf, size_t size);

#endif /* USM_COMMON_SIZE_H */
