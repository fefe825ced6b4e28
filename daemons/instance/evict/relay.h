/* SPDX-License-Identifier: MIT */
/*
 * relay.h - the pager's ear among several workers.
 *
 * The pager is one worker's.  The others tell it here which frames got a page
 * or lost it, hand it the faults on evicted pages, and ask for frames when
 * they have none.  Nothing here can be full: what is said of a frame replaces
 * what was said of it before, and of faults and wishes there is a bit each.
 *
 * What is said of a frame is two words and a bit in a mailbox (mailbox.h).
 * Only its owner speaks of a frame (shared.h), so the last word is the true
 * one; one that is read half written has its bit set once more.
 */
#ifndef USM_INSTANCE_EVICT_RELAY_H
#define USM_INSTANCE_EVICT_RELAY_H

#include <stdbool.h>
#include <stdint.h>

struct usm_relay;

/* For frames [0, nr_frames).  *out belongs to the caller.  EINVAL, ENOMEM. */
int usm_relay_create(uint32_t nr_frames, struct usm_relay **out);

/* Frees it; NULL is fine. */
void usm_relay_destroy(struct usm_relay *relay);

/*
 * ring(ctx) has the pager's worker look here if it sleeps; any thread calls
 * it.  Before the workers start.
 */
void usm_relay_ring(struct usm_relay *relay, void (*ring)(void *ctx),
		    void *ctx);

/* ---- any worker ------------------------------------------------------------- */

/* The frame, the caller's own, holds the page at addr of a member. */
void usm_relay_placed(struct usm_relay *relay, uint32_t frame, uint32_t member,
		      uint64_t addr);

/* The frame, the caller's own, is free.  ctx: the relay. */
void usm_relay_removed(void *ctx, uint32_t frame);

/* The fault in a slot wants an evicted page: the pager's worker serves it. */
void usm_relay_hand(struct usm_relay *relay, uint32_t slot);

/* A fault finds no frame: some are to be won. */
void usm_relay_want(struct usm_relay *relay);

/* So many are free in the whole instance: is it time to win some? */
void usm_relay_see(struct usm_relay *relay, uint32_t nr_free);

/* The kernel rang for nothing: an answer may have been refused. */
void usm_relay_suspect(struct usm_relay *relay);

/* How many free frames fresh pages have to leave. */
uint32_t usm_relay_keep(const struct usm_relay *relay);

/* Can frames be won, as far as the pager last knew? */
bool usm_relay_hopeful(const struct usm_relay *relay);

/* ---- the pager's worker ------------------------------------------------------- */

/* Is there a fault, a wish or a suspicion?  A few loads. */
bool usm_relay_pending(const struct usm_relay *relay);

/* Takes the faults of one word of slots, *word being its number; 0: none. */
uint64_t usm_relay_take_handed(struct usm_relay *relay, uint32_t *word);

/* Are frames wanted; is there a suspicion?  Asked once is answered once. */
bool usm_relay_take_wanted(struct usm_relay *relay);
bool usm_relay_take_suspicion(struct usm_relay *relay);

/*
 * Hands what is new of frames to tell(ctx, frame, member, addr), member 0 for
 * one that holds no page.
 */
void usm_relay_drain(struct usm_relay *relay,
		     void (*tell)(void *ctx, uint32_t frame, uint32_t member,
				  uint64_t addr),
		     void *ctx);

/*
 * Below how many free frames it wants to be told, how many fresh pages have to
 * leave (reserve.h), whether any can be won.
 */
void usm_relay_set(struct usm_relay *relay, uint32_t low, uint32_t keep,
		   bool hopeful);

#endif /* USM_INSTANCE_EVICT_RELAY_H */
