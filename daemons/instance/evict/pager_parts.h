/* SPDX-License-Identifier: MIT */
/*
 * pager_parts.h - what a pager is made of, for the files of evict/ alone.
 *
 * pager.c puts it together and says when; way_out.c takes pages out, way_in.c
 * brings them back, placing.c knows where they are, news.c follows what the
 * kernel says, pager_policy.c is about who chooses.
 */
#ifndef USM_INSTANCE_EVICT_PAGER_PARTS_H
#define USM_INSTANCE_EVICT_PAGER_PARTS_H

#include "instance/arena/bitmap.h"
#include "instance/evict/accessed.h"
#include "instance/evict/groups.h"
#include "instance/evict/outgoing.h"
#include "instance/evict/pager.h"
#include "instance/evict/relay.h"
#include "instance/evict/storing.h"
#include "instance/swap/map.h"
#include "instance/worker/backoff.h"
#include "instance/worker/notices.h"

struct usm_pager {
	struct usm_pager_options options;
	struct usm_groups *groups;
	struct usm_swap_map *map;
	struct usm_prefetcher *prefetcher;
	struct usm_accessed accessed;
	struct usm_outgoing outgoing;
	bool wary; /* what is in it could not be stored aside */
	struct usm_storing storing;
	struct usm_notice_reader notices;
	struct usm_relay *relay; /* NULL: there is one worker */
	struct usm_backoff retry;
	struct usm_bitmap leaving; /* frames whose pages must go */
	struct usm_pager_waits waits;
	uint32_t nr_loading;
	uint32_t loading[USM_SLOTS_MAX]; /* slots of the device, in no order */
	uint32_t won; /* by the batch under way */
	uint32_t chosen; /* pages it is of */
	bool evicting; /* between the watermarks: on the way up */
};

/* The page that was last seen in the frame is there, or still there. */
static inline void usm_pager_tell_placed(const struct usm_pager *pager,
					 uint32_t frame)
{
	const struct usm_place *place = &pager->accessed.place[frame];

	usm_groups_placed(pager->groups, frame, place->member, place->addr);
}

#endif /* USM_INSTANCE_EVICT_PAGER_PARTS_H */
