/* SPDX-License-Identifier: MIT */
/*
 * printable.h - names that others chose, before they are shown.
 */
#ifndef USM_COMMON_PRINTABLE_H
#define USM_COMMON_PRINTABLE_H

#include <stddef.h>

/*
 * Copies up to `size` bytes, or up to a NUL, with a question mark for each that
 * is not printable ASCII: a process may call itself anything, the next line of a
 * log or commands for a terminal included.  `to` has room for size + 1.
 */
void usm_printable(char *to, const char *from, size_t size);

#endif /* USM_COMMON_PRINTABLE_H */
