/* SPDX-License-Identifier: MIT */
/*
 * checked.h - an allocation policy whose answers are checked.
 *
 * Keeps books of its own, one bit per frame, beside the policy's: which frames
 * are in stock.  A frame that is not there never leaves, whatever the policy
 * says; and while there are some a fault never goes without one, whatever the
 * policy says.  What a policy set aside for itself is in stock all the same.
 *
 * Owns the arena and the policy's context.  One thread, as for the policy.
 */
#ifndef USM_INSTANCE_POLICIES_ALLOC_CHECKED_H
#define USM_INSTANCE_POLICIES_ALLOC_CHECKED_H

#include "instance/arena/arena.h"
#include "instance/failure.h"
#include "instance/policies/options.h"
#include "usm.h"
#include "usm_policy.h"

struct usm_checked_alloc;

/*
 * An empty stock of the frames of `extents` (copied) under a policy, which is
 * borrowed.  settings: its options, or NULL.  *out belongs to the caller.
 * EINVAL, ENOMEM, what the policy answers; *failure (NULL is fine) says why.
 */
int usm_checked_alloc_create(const struct usm_alloc_policy *policy,
			     const struct usm_settings *settings,
			     const struct usm_extent *extents,
			     unsigned int nr_extents,
			     struct usm_checked_alloc **out,
			     struct usm_failure *failure);

/* Frees it; NULL is fine. */
void usm_checked_alloc_destroy(struct usm_checked_alloc *checked);

/*
 * The frame for this fault, out of stock from now on; USM_FRAME_NONE exactly
 * when none is in stock.
 */
uint32_t usm_checked_alloc_pick(struct usm_checked_alloc *checked,
				const struct usm_fault *fault);

/* Into stock; false (nothing changed) when it is there or not owned. */
bool usm_checked_alloc_give(struct usm_checked_alloc *checked, uint32_t frame);

/* Out of stock past the policy; false when it is not there. */
bool usm_checked_alloc_take(struct usm_checked_alloc *checked, uint32_t frame);

/* Is it owned, is it in stock; any frame number may be asked. */
bool usm_checked_alloc_owns(const struct usm_checked_alloc *checked,
			    uint32_t frame);
bool usm_checked_alloc_has(const struct usm_checked_alloc *checked,
			   uint32_t frame);

/* Frames in stock. */
uint32_t usm_checked_alloc_nr(const struct usm_checked_alloc *checked);

/* The magazine it wants for each member, no deeper than there may be one. */
void usm_checked_alloc_magazine(const struct usm_checked_alloc *checked,
				struct usm_magazine_wish *wish);

/* May it want ranges at all? */
bool usm_checked_alloc_has_ranges(const struct usm_checked_alloc *checked);

/*
 * Does it want frames for pages beside this fault, which got `frame`?  True:
 * those of *wish, all of them out of stock from now on.
 */
bool usm_checked_alloc_range(struct usm_checked_alloc *checked,
			     const struct usm_fault *fault, uint32_t frame,
			     struct usm_range_wish *wish);

/*
 * The arena the policy works on, for those who move frames into and out of it.
 * Belongs to checked.
 */
struct usm_arena *usm_checked_alloc_arena(struct usm_checked_alloc *checked);

/* Frames in stock of word `word` of the arena, set aside or not, a bit each. */
uint64_t usm_checked_alloc_word(const struct usm_checked_alloc *checked,
				uint32_t word);

/*
 * Gives `to`, which is empty and has the same extents, everything that `from`
 * owns and has in stock.
 */
void usm_checked_alloc_copy(const struct usm_checked_alloc *from,
			    struct usm_checked_alloc *to);

/* As the policy's. */
void usm_checked_alloc_process_new(struct usm_checked_alloc *checked,
				   const struct usm_process *process);
void usm_checked_alloc_process_exit(struct usm_checked_alloc *checked,
				    uint32_t member);

/*
 * Counters, at most nr: "overruled", how often the policy's answer was not
 * carried out, then its own.  Returns how many.
 */
uint32_t usm_checked_alloc_stats(const struct usm_checked_alloc *checked,
				 struct usm_policy_stat *stats, uint32_t nr);

#endif /* USM_INSTANCE_POLICIES_ALLOC_CHECKED_H */
