/* SPDX-License-Identifier: MIT */
/*
 * way_out.h - a batch of pages on its way from frames to the swap device.
 *
 * Chosen by the policy or because they must leave, taken away by the kernel,
 * stored, and only then are their frames free.  The pager's thread.
 */
#ifndef USM_INSTANCE_EVICT_WAY_OUT_H
#define USM_INSTANCE_EVICT_WAY_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/evict/pager.h"

/* Are there frames whose pages must go? */
bool usm_way_out_any_leaving(const struct usm_pager *pager);

/* Are pages stored while the worker goes on? */
bool usm_way_out_stores_aside(const struct usm_pager *pager);

/* Takes stores that are over; how many frames were won. */
uint32_t usm_way_out_reap(struct usm_pager *pager);

/*
 * One batch out: leaving: of frames that must go, otherwise of the policy's
 * choice.  Returns how many frames were won: none yet, where they are stored
 * aside.
 */
uint32_t usm_way_out_batch(struct usm_pager *pager, bool leaving);

/* Stores what is evicted and was not stored; as usm_outgoing_store(). */
int usm_way_out_store(struct usm_pager *pager);

#endif /* USM_INSTANCE_EVICT_WAY_OUT_H */
