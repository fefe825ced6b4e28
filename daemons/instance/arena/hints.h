/* SPDX-License-Identifier: MIT */
/*
 * hints.h - a set of small integers that several threads change and search.
 *
 * As bitmap.h, a pyramid of words whose lowest member is found with one look
 * per level, but with atomics.  A summary can be wrong for a moment while
 * somebody changes what it sums up: whoever changed a word makes its summary
 * right and then looks at the word again, so the last one to write a summary
 * has seen the last state of the word.  At rest it is exact.
 *
 * Members are hints: the caller checks what a member stands for and takes one
 * out that is wrong.  Compiler atomics, as everywhere in this folder, because
 * ThreadSanitizer follows them.
 */
#ifndef USM_INSTANCE_ARENA_HINTS_H
#define USM_INSTANCE_ARENA_HINTS_H

#include <stdbool.h>
#include <stdint.h>

/* 64^6 is more than any 32-bit frame number. */
#define USM_HINTS_LEVELS 6

#define USM_HINTS_NONE UINT32_MAX

struct usm_hints {
	unsigned int nr_levels;
	uint64_t *level[USM_HINTS_LEVELS]; /* [0] holds the members */
};

/* Makes an empty set over [0, nr_bits).  ENOMEM. */
int usm_hints_init(struct usm_hints *hints, uint32_t nr_bits);

/* Frees what init allocated; a zeroed struct is fine. */
void usm_hints_fini(struct usm_hints *hints);

/* Any thread.  `bit` is below nr_bits. */
void usm_hints_set(struct usm_hints *hints, uint32_t bit, bool member);
bool usm_hints_test(const struct usm_hints *hints, uint32_t bit);

/*
 * The lowest member, or USM_HINTS_NONE.  While others change the set it may
 * miss one for a moment.
 */
uint32_t usm_hints_first(const struct usm_hints *hints);

#endif /* USM_INSTANCE_ARENA_HINTS_H */
