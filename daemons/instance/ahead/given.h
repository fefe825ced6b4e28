/* SPDX-License-Identifier: MIT */
/*
 * given.h - which frames are given ahead and, as far as is known, not used yet.
 *
 * A bit per frame of the pool.  Bits may be cleared late (a notice is lost), and
 * then say "given" of a frame that is used; never the other way round.  Any
 * thread, but for usm_given_take(): see there.
 */
#ifndef USM_INSTANCE_AHEAD_GIVEN_H
#define USM_INSTANCE_AHEAD_GIVEN_H

#include <stdbool.h>
#include <stdint.h>

struct usm_given {
	uint64_t *word;
	uint32_t nr_frames;
	uint32_t nr; /* bits that are set; for a moment too many */
};

/* An empty one for frames [0, nr_frames).  ENOMEM. */
int usm_given_init(struct usm_given *given, uint32_t nr_frames);

/* Frees what init allocated; a zeroed struct is fine. */
void usm_given_fini(struct usm_given *given);

/* Frames above the pool are ignored; false: nothing changed. */
bool usm_given_set(struct usm_given *given, uint32_t frame);
bool usm_given_clear(struct usm_given *given, uint32_t frame);

/* One load. */
static inline uint32_t usm_given_nr(const struct usm_given *given)
{
	return __atomic_load_n(&given->nr, __ATOMIC_RELAXED);
}

/*
 * Clears up to nr frames from `from` on, writes them and returns how many;
 * *next: where to go on, or the number of frames when that was all.
 */
uint32_t usm_given_take(struct usm_given *given, uint32_t from,
			uint32_t *frames, uint32_t nr, uint32_t *next);

#endif /* USM_INSTANCE_AHEAD_GIVEN_H */
