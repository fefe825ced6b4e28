/* SPDX-License-Identifier: MIT */
/*
 * bitfield.h - taking bits out of a struct usm_bitfield in O(1).
 *
 * Producers set the leaf bit, then the summary bit.  The consumer clears the
 * summary bit, then takes the leaf: a bit that is set in between leaves a
 * summary bit behind, so it is found by the next look and never lost.
 *
 * `mask` says which bits of every leaf word are this worker's (slots are
 * spread modulo the number of workers, a power of two); the others stay.
 */
#ifndef USM_INSTANCE_WORKER_BITFIELD_H
#define USM_INSTANCE_WORKER_BITFIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

/* Leaf words with something in them at this moment, as a bit each. */
static inline uint64_t usm_bitfield_snapshot(const struct usm_bitfield *field)
{
	return __atomic_load_n(&field->summary, __ATOMIC_ACQUIRE);
}

/*
 * Takes the caller's bits out of leaf `word`.  What the producers wrote before
 * they set a bit is visible afterwards.
 */
static inline uint64_t usm_bitfield_take(struct usm_bitfield *field,
					 unsigned int word, uint64_t mask)
{
	uint64_t bits;

	__atomic_fetch_and(&field->summary, ~(1ULL << word), __ATOMIC_SEQ_CST);
	if (mask == ~0ULL)
		return __atomic_exchange_n(&field->leaf[word], 0,
					   __ATOMIC_SEQ_CST);
	bits = __atomic_fetch_and(&field->leaf[word], ~mask, __ATOMIC_SEQ_CST);
	if (bits & ~mask)
		__atomic_fetch_or(&field->summary, 1ULL << word,
				  __ATOMIC_SEQ_CST);
	return bits & mask;
}

/* Has the caller anything to take?  Orders nothing; fence before sleeping. */
static inline bool usm_bitfield_pending(const struct usm_bitfield *field,
					uint64_t mask)
{
	uint64_t words = __atomic_load_n(&field->summary, __ATOMIC_RELAXED);

	if (mask == ~0ULL)
		return words;
	while (words) {
		unsigned int word = (unsigned int)__builtin_ctzll(words);

		if (__atomic_load_n(&field->leaf[word], __ATOMIC_RELAXED) &
		    mask)
			return true;
		words &= words - 1;
	}
	return false;
}

#endif /* USM_INSTANCE_WORKER_BITFIELD_H */
