/* SPDX-License-Identifier: MIT */
/*
 * choose.h - asks an eviction policy for victims, telling it first what was
 * used.
 *
 * The one place that says how often accessed bits are looked at and when used
 * pages go all the same: the pager and the replay of traces both decide here.
 */
#ifndef USM_INSTANCE_EVICT_CHOOSE_H
#define USM_INSTANCE_EVICT_CHOOSE_H

#include <stdint.h>

#include "instance/policies/evict/checked.h"

/* Frames one look may ask about. */
#define USM_CHOOSE_LOOK 256U

/* Looks for one answer.  After the last fruitless one it takes what comes. */
#define USM_CHOOSE_LOOKS 4

/*
 * Reads and clears the accessed bits of nr (at most USM_CHOOSE_LOOK) frames and
 * tells the policy which were used, and any others it learns of.
 */
typedef void (*usm_choose_look)(void *ctx, const uint32_t *frames, uint32_t nr);

/*
 * Writes up to nr victims, which hold no page any more for the policy.  Returns
 * how many; 0 when no frame holds a page.
 */
uint32_t usm_choose(struct usm_checked_evict *policy, usm_choose_look look,
		    void *ctx, uint32_t *victims, uint32_t nr);

#endif /* USM_INSTANCE_EVICT_CHOOSE_H */
