/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame table: one record for every frame of the pool, found in O(1)
 * because the pool is contiguous.  It is what "PG_USM" would be as a page
 * flag, without taking a bit from the kernel.
 *
 * States of a frame that belongs to an instance, and what moves it:
 *
 *   FREE ──grant──▶ GRANTED ──use──▶ MAPPED ──refcount 1──▶ HOME ──read──▶ FREE
 *                      └──────ungrant (request gone)──────────────────────▶ HOME
 *
 * The module holds one base reference on every page of the pool.  A page is
 * home exactly when its reference count is one again; that also means that
 * the TLB was flushed, because the kernel drops its own reference after that.
 */
#ifndef USM_FRAMES_H
#define USM_FRAMES_H

#include <linux/mm_types.h>

#include "instance/instance.h"
#include "usm.h"

struct usm_frame {
	u16 owner; /* instance id, 0: pool; under the instances' mutex */
	u8 state; /* enum usm_frame_state; under the owner's .lock */
	u8 dirty; /* may hold a tenant's data: scrub before the next owner */
	u8 leaving; /* is to go back to the pool as soon as it is FREE */
	u8 grant; /* enum usm_grant_kind, while GRANTED */
	u8 zeroed; /* the policy vouches for zeroes, while GRANTED ahead */
	u8 withheld; /* not in the daemon's slice, see usm_frame_pick() */
	u8 order; /* of the large page it is part of, while MAPPED */
	u8 splitting; /* first of such a run: being made small */
	u8 partial; /* the same: not all of it is mapped any more */
	u32 next; /* list of frames that came home, or of a magazine; EVICTING: the record */
	struct usm_tag *tag; /* who it was given to, with a reference */
	union {
		unsigned long addr; /* MAPPED, or granted for that page */
		u32 previous; /* in a magazine */
	};
};

/* Allocate the table for @frames frames, all in the pool and dirty. */
int usm_frames_init(u32 frames);
void usm_frames_exit(void);

struct usm_frame *usm_frame(u32 frame);

/* Overwrite what earlier owners left in a run of reserved frames. Sleeps. */
void usm_frames_scrub(u32 first, u32 count);
/* Give a run of scrubbed frames to an instance, FREE. Sleeps. */
void usm_frames_assign(struct usm_instance *instance, u32 first, u32 count);
/*
 * Take a run of frames, those that are its, from an instance that is at its
 * end; usm_instances_lock is held.
 */
void usm_frames_take_back(struct usm_instance *instance, u32 first, u32 count);

/*
 * usm_frame_grant() - FREE to GRANTED, for one fault.
 * Returns -EPERM: another's frame or none; -EBUSY: not FREE.
 */
int usm_frame_grant(struct usm_instance *instance, u32 frame);
/* The same; the caller holds instance->lock. */
int usm_frame_grant_locked(struct usm_instance *instance, u32 frame);
/*
 * usm_frame_check() - could usm_frame_set_grant() have it?  Same errors.
 * usm_frame_set_grant() - FREE to GRANTED; the caller adds .tag and the rest.
 * The caller holds instance->lock for both.
 */
int usm_frame_check(struct usm_instance *instance, u32 frame);
void usm_frame_set_grant(struct usm_instance *instance, u32 frame,
			 enum usm_grant_kind kind, bool zeroed);
/* GRANTED to HOME: the fault it was meant for does not want it any more. */
void usm_frame_ungrant(struct usm_instance *instance, u32 frame);
/*
 * usm_frame_use() - GRANTED to MAPPED on behalf of @tag at @addr; the page
 * gets the kernel's reference on top of ours and is otherwise like new.
 */
struct page *usm_frame_use(struct usm_instance *instance, u32 frame,
			   struct usm_tag *tag, unsigned long addr);
/*
 * The same under instance->lock, for a frame that has a reference on @tag in
 * its name already.
 */
struct page *usm_frame_use_locked(struct usm_instance *instance, u32 frame,
				  struct usm_tag *tag, unsigned long addr);
/* The instance's frame of that index, or NULL; under instance->lock. */
struct usm_frame *usm_frame_owned(struct usm_instance *instance, u32 frame);

/*
 * usm_frame_remap() - the same for an EVICTING frame that is taken back; @tag
 * may be NULL here and in usm_frame_use().
 */
struct page *usm_frame_remap(struct usm_instance *instance, u32 frame,
			     struct usm_tag *tag, unsigned long addr);

/* Frames in members' hands. The caller holds instance->lock. */
u32 usm_frames_out(struct usm_instance *instance);

/* Pop one frame that came home: HOME to FREE, or USM_FRAME_NONE. */
u32 usm_frame_pop_home(struct usm_instance *instance);
/* It could not be delivered after all; nothing if the policy used it already. */
void usm_frame_unpop_home(struct usm_instance *instance, u32 frame);
/* All HOME become FREE, for a new daemon that will ask for the states. */
void usm_frames_forget_home(struct usm_instance *instance);

/* Copy states of frames @first.. into @info; foreign ones read as POOL. */
void usm_frames_describe(struct usm_instance *instance, u32 first, u32 count,
			 struct usm_frame_info *info);

/* ---- pick.c ------------------------------------------------------------------- */

/*
 * usm_frame_pick() - any FREE frame of what stays of the partition: GRANTED.
 * The daemon may be filling that very frame for a swap-in, so it is taken out
 * of its slice, until the frame is FREE or EVICTING again.
 * Returns -ENOSPC when there is none. Sleeps.
 */
int usm_frame_pick(struct usm_instance *instance, u32 *frame);

/* ---- leaving.c: frames on their way back to the pool ------------------------ */

/*
 * usm_frames_leave() - a run of the instance's frames is to leave it: not
 * granted any more, back in the pool as soon as each is FREE.
 * usm_frames_stay() - those of a run that are leaving and still here stay.
 */
void usm_frames_leave(struct usm_instance *instance, u32 first, u32 count);
void usm_frames_stay(struct usm_instance *instance, u32 first, u32 count);
/* Leaving frames that came home need not be read by the daemon first. */
void usm_frames_recall_home(struct usm_instance *instance);
/*
 * usm_frames_let_go() - take those of a run that are leaving and FREE.  The
 * caller holds usm_instances_lock and .slice_sem for writing, and revokes the
 * daemon's mapping of the run before it lets go of either.
 * Returns how many of the run are still to leave.
 */
u32 usm_frames_let_go(struct usm_instance *instance, u32 first, u32 count);
/* For frames.c: one frame back to the pool; instance->lock is held. */
void usm_frame_take(struct usm_instance *instance, u32 frame);
/* For frames.c: a leaving frame became FREE; instance->lock is held. */
void usm_frame_left(struct usm_instance *instance);

/* For frames/home.c; the caller holds instance->lock. */
void usm_frame_set_state(struct usm_instance *instance, struct usm_frame *frame,
			 u8 state);
void usm_frame_push_home(struct usm_instance *instance, u32 frame);

#endif /* USM_FRAMES_H */
