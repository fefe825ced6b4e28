/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records of evicted pages.  A record is one content that is in no page table:
 * first held in its frame (EVICTING), then, once the policy has stored it and
 * freed the frame, known by the policy's cookie alone.
 *
 *   evict ──▶ HELD ──USM_IOC_FREE──▶ STORED ──swap-in──▶ gone
 *               └──touched: the same frame again──────▶ gone
 *
 * Every marker that bears the record's number is a place of it; fork makes
 * more of them, and with the last the record ends.
 */
#ifndef USM_RECORD_H
#define USM_RECORD_H

#include <linux/kref.h>
#include <linux/mm_types.h>
#include <linux/rcupdate.h>

#include "usm.h"

struct usm_instance;
struct usm_tag;

struct usm_record {
	u32 id;
	u32 member; /* where it was evicted first, for the policy */
	unsigned long addr;
	u64 cookie;
	struct usm_instance *instance; /* with a reference */
	u32 frame; /* HELD: under instance->lock; else USM_FRAME_NONE */
	atomic_t places;
	struct kref ref;
	struct rcu_head rcu;
};

/*
 * usm_record_new() - for content that is about to be evicted, one place, no
 * frame yet.  NULL without memory or numbers.  Sleeps.
 */
struct usm_record *usm_record_new(struct usm_instance *instance,
				  struct usm_tag *tag, unsigned long addr,
				  u64 cookie);

/* The record of that number with a reference, or NULL. Any context. */
struct usm_record *usm_record_find(u32 id);
/* First record of @instance above @after, with a reference, or NULL. */
struct usm_record *usm_record_next(struct usm_instance *instance, u32 after);
/* NULL is fine. Any context. */
void usm_record_put(struct usm_record *record);

/* One place more, of somebody who looks at another place that cannot go. */
void usm_record_add_place(struct usm_record *record);
/* One place less; with the last one the policy is told. Process context. */
void usm_record_drop_place(struct usm_record *record);

/*
 * usm_record_begin() - the frame at @index, MAPPED, is EVICTING from here on: it
 * is not taken for one that came home while no page table has it.
 * usm_record_hold() - nobody else has it any more, the record holds it.
 * usm_record_abort() - instead: it stays MAPPED.
 */
void usm_record_begin(struct usm_record *record, u32 index);
void usm_record_hold(struct usm_record *record, u32 index);
void usm_record_abort(struct usm_record *record, u32 index);
/*
 * usm_record_retake() - the held frame again, on behalf of @tag (may be NULL)
 * at @addr: MAPPED, with a reference for the page table.
 * NULL: stored by now, or shared with another place (*shared is set).
 */
struct page *usm_record_retake(struct usm_record *record, struct usm_tag *tag,
			       unsigned long addr, bool *shared);
/* Could usm_record_retake() have it back at once?  True for a moment. */
bool usm_record_sole(const struct usm_record *record);
/* USM_IOC_FREE for a frame that is EVICTING: -ESTALE when it is not. */
int usm_record_stored(struct usm_instance *instance, u32 index);

void usm_record_describe(struct usm_record *record,
			 struct usm_evicted_info *info);

#endif /* USM_RECORD_H */
