/* SPDX-License-Identifier: MIT */
/*
 * tiers.h - which of two tiers a page goes to: memory, packed, or a file.
 *
 * Pages go to memory first.  One that packing does not make smaller goes to the
 * file at once: in memory it would take more room than it had.  When memory is
 * full those that lie there longest make room, for nobody has touched them
 * since.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_TIERS_H
#define USM_INSTANCE_POLICIES_SWAP_TIERS_H

#include <errno.h>

/* Pages that make room at once: as many as one eviction brings. */
#define USM_TIERS_BATCH 32U

/*
 * How often for one page: the first batch need not free a block of its size,
 * and what that takes longer than to write the page to the file is wasted.
 */
#define USM_TIERS_TRIES 3U

enum usm_tiers_step {
	USM_TIERS_DONE, /* it is stored */
	USM_TIERS_ROOM, /* the oldest are to go to the file, then once more */
	USM_TIERS_FILE, /* it goes to the file itself */
	USM_TIERS_FAIL, /* with the error that memory answered */
};

/* What to do next about a page for which memory answered so the nth time. */
static inline enum usm_tiers_step usm_tiers_next(int answer, unsigned int nth)
{
	switch (answer) {
	case 0:
		return USM_TIERS_DONE;
	case -EMSGSIZE:
		return USM_TIERS_FILE;
	case -ENOSPC:
		return nth < USM_TIERS_TRIES ? USM_TIERS_ROOM : USM_TIERS_FILE;
	default:
		return USM_TIERS_FAIL;
	}
}

#endif /* USM_INSTANCE_POLICIES_SWAP_TIERS_H */
