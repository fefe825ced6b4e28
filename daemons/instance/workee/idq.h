/* SPDX-License-Identifier: MIT */
/*
 * idq.h - a set of slots, the lowest of which is found in two bit scans
 * whatever their number: the workees that are ready to go on, and the like.
 * The owner's own, unlike the PFQ that the kernel sets (worker/bitfield.h).
 */
#ifndef USM_INSTANCE_WORKEE_IDQ_H
#define USM_INSTANCE_WORKEE_IDQ_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

#define USM_IDQ_WORD_BITS 64U
#define USM_IDQ_WORDS (USM_SLOTS_MAX / USM_IDQ_WORD_BITS)

struct usm_idq { /* zeroed: empty */
	uint64_t summary; /* bit w: word w has something */
	uint64_t leaf[USM_IDQ_WORDS];
};

_Static_assert(USM_IDQ_WORDS <= 64, "one word of summary");

static inline bool usm_idq_any(const struct usm_idq *idq)
{
	return idq->summary;
}

/* In it already: fine. */
static inline void usm_idq_set(struct usm_idq *idq, uint32_t index)
{
	uint32_t word = index / USM_IDQ_WORD_BITS;

	idq->leaf[word] |= 1ULL << index % USM_IDQ_WORD_BITS;
	idq->summary |= 1ULL << word;
}

static inline bool usm_idq_has(const struct usm_idq *idq, uint32_t index)
{
	return idq->leaf[index / USM_IDQ_WORD_BITS] >>
		       index % USM_IDQ_WORD_BITS &
	       1;
}

/* Not in it: fine. */
static inline void usm_idq_clear(struct usm_idq *idq, uint32_t index)
{
	uint32_t word = index / USM_IDQ_WORD_BITS;

	idq->leaf[word] &= ~(1ULL << index % USM_IDQ_WORD_BITS);
	if (!idq->leaf[word])
		idq->summary &= ~(1ULL << word);
}

/* The lowest of one that has some. */
static inline uint32_t usm_idq_lowest(const struct usm_idq *idq)
{
	uint32_t word = (uint32_t)__builtin_ctzll(idq->summary);

	return word * USM_IDQ_WORD_BITS +
	       (uint32_t)__builtin_ctzll(idq->leaf[word]);
}

/* Takes all of the lowest word that has something: its number and its bits. */
static inline uint64_t usm_idq_take_word(struct usm_idq *idq, uint32_t *word)
{
	uint64_t bits;

	*word = (uint32_t)__builtin_ctzll(idq->summary);
	bits = idq->leaf[*word];
	idq->leaf[*word] = 0;
	idq->summary &= idq->summary - 1;
	return bits;
}

/*
 * Two sets in turn: while all of one are served, each once, the other one is
 * filled with those for the next time.
 */
struct usm_idq_turns {
	struct usm_idq idq[2];
	unsigned int filled;
};

static inline struct usm_idq *usm_idq_filled(struct usm_idq_turns *turns)
{
	return &turns->idq[turns->filled];
}

static inline bool usm_idq_turns_any(const struct usm_idq_turns *turns)
{
	return usm_idq_any(&turns->idq[turns->filled]);
}

/* The set to be emptied; what is set from here on is for the next turn. */
static inline struct usm_idq *usm_idq_turn(struct usm_idq_turns *turns)
{
	turns->filled ^= 1;
	return &turns->idq[turns->filled ^ 1];
}

#endif /* USM_INSTANCE_WORKEE_IDQ_H */
