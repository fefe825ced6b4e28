// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "evict/record.h"
#include "frames/frames.h"
#include "frames/home.h"
#include "grants/notices.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "ptes/ptes.h"
#include "stats/trace.h"
#include "tags/tags.h"

/* All records by number. */
static DEFINE_XARRAY_ALLOC(records);
/* Numbers are reused as late as possible; under the array's lock. */
static u32 next_id;

struct usm_record *usm_record_new(struct usm_instance *instance,
				  struct usm_tag *tag, unsigned long addr,
				  u64 cookie)
{
	struct usm_record *record =
		kzalloc(sizeof(*record), GFP_KERNEL_ACCOUNT);

	if (!record)
		return NULL;
	usm_instance_get(instance);
	record->instance = instance;
	record->member = tag->member;
	record->addr = addr;
	record->cookie = cookie;
	record->frame = USM_FRAME_NONE;
	atomic_set(&record->places, 1);
	kref_init(&record->ref);
	if (xa_alloc_cyclic(&records, &record->id, record,
			    XA_LIMIT(1, USM_MARKER_ID_MAX), &next_id,
			    GFP_KERNEL) < 0) {
		usm_instance_put(instance);
		kfree(record);
		return NULL;
	}
	atomic_inc(&instance->evicted);
	return record;
}

struct usm_record *usm_record_find(u32 id)
{
	struct usm_record *record;

	rcu_read_lock();
	record = xa_load(&records, id);
	if (record && !kref_get_unless_zero(&record->ref))
		record = NULL;
	rcu_read_unlock();
	return record;
}

struct usm_record *usm_record_next(struct usm_instance *instance, u32 after)
{
	struct usm_record *record = NULL;
	unsigned long id = after;

	rcu_read_lock();
	do {
		if (id >= USM_MARKER_ID_MAX) {
			record = NULL;
			break;
		}
		id++;
		record = xa_find(&records, &id, USM_MARKER_ID_MAX, XA_PRESENT);
	} while (record && (READ_ONCE(record->instance) != instance ||
			    !kref_get_unless_zero(&record->ref)));
	rcu_read_unlock();
	return record;
}

static void release(struct kref *ref)
{
	struct usm_record *record = container_of(ref, struct usm_record, ref);

	usm_instance_put(record->instance);
	kfree_rcu(record, rcu);
}

void usm_record_put(struct usm_record *record)
{
	if (record)
		kref_put(&record->ref, release);
}

void usm_record_add_place(struct usm_record *record)
{
	atomic_inc(&record->places);
}

void usm_record_drop_place(struct usm_record *record)
{
	struct usm_instance *instance = record->instance;
	bool home = false;

	if (!atomic_dec_and_test(&record->places))
		return;

	xa_erase(&records, record->id);
	spin_lock(&instance->lock);
	if (record->frame != USM_FRAME_NONE) {
		usm_frame_push_home(instance, record->frame);
		record->frame = USM_FRAME_NONE;
		home = true;
	}
	usm_notice_post(instance, &(struct usm_notice){
					  .type = USM_NOTICE_DROPPED,
					  .frame = USM_FRAME_NONE,
					  .member = record->member,
					  .addr = record->addr,
					  .cookie = record->cookie,
				  });
	spin_unlock(&instance->lock);
	if (atomic_dec_and_test(&instance->evicted) &&
	    READ_ONCE(instance->state) == USM_INSTANCE_LOST)
		usm_instances_check_daemons();
	if (home) {
		wake_up_interruptible(&instance->home_wait);
		atomic64_inc(&instance->freed);
	}
	if (READ_ONCE(instance->state) == USM_INSTANCE_DYING)
		usm_home_hint(instance);
	/* The reference that the places had. */
	usm_record_put(record);
}

static void set_evicting(struct usm_record *record, u32 index, u8 state,
			 u32 next)
{
	struct usm_instance *instance = record->instance;

	spin_lock(&instance->lock);
	usm_frame_set_state(instance, usm_frame(index), state);
	/* On no list while it is EVICTING. */
	usm_frame(index)->next = next;
	spin_unlock(&instance->lock);
}

void usm_record_begin(struct usm_record *record, u32 index)
{
	set_evicting(record, index, USM_FRAME_EVICTING, record->id);
}

void usm_record_abort(struct usm_record *record, u32 index)
{
	set_evicting(record, index, USM_FRAME_MAPPED, USM_FRAME_NONE);
}

void usm_record_hold(struct usm_record *record, u32 index)
{
	struct usm_instance *instance = record->instance;
	struct usm_frame *frame = usm_frame(index);
	struct usm_tag *tag;

	usm_frame_renew(usm_pool_page(index));
	spin_lock(&instance->lock);
	tag = frame->tag;
	frame->tag = NULL;
	record->frame = index;
	spin_unlock(&instance->lock);
	trace_usm_evict(instance->id, record->member, record->addr, index);
	atomic64_inc(&instance->evictions);
	if (tag) {
		atomic64_inc(&tag->evictions);
		atomic_dec(&tag->mapped);
		usm_tag_put(tag);
	}
}

struct page *usm_record_retake(struct usm_record *record, struct usm_tag *tag,
			       unsigned long addr, bool *shared)
{
	struct usm_instance *instance = record->instance;
	struct page *page = NULL;
	u32 index;

	*shared = false;
	spin_lock(&instance->lock);
	index = record->frame;
	if (index != USM_FRAME_NONE && atomic_read(&record->places) > 1) {
		*shared = true;
	} else if (index != USM_FRAME_NONE) {
		record->frame = USM_FRAME_NONE;
		usm_frame(index)->next = USM_FRAME_NONE;
		page = usm_frame_remap(instance, index, tag, addr);
		usm_notice_post(instance,
				&(struct usm_notice){
					.type = USM_NOTICE_RETAKEN,
					.frame = index,
					.member = tag ? tag->member : 0,
					.addr = addr,
					.cookie = record->cookie,
				});
	}
	spin_unlock(&instance->lock);
	if (page)
		atomic64_inc(&instance->retaken);
	return page;
}

bool usm_record_sole(const struct usm_record *record)
{
	return READ_ONCE(record->frame) != USM_FRAME_NONE &&
	       atomic_read(&record->places) == 1;
}

int usm_record_stored(struct usm_instance *instance, u32 index)
{
	struct usm_frame *frame =
		usm_frame(array_index_nospec(index, usm_pool_frames()));
	struct usm_record *record;
	int err = -ESTALE;

	spin_lock(&instance->lock);
	if (frame->owner == instance->id &&
	    frame->state == USM_FRAME_EVICTING) {
		/*
		 * Its number stands in the frame for as long as it holds it,
		 * and it ends only after letting go of it under this lock.
		 */
		rcu_read_lock();
		record = xa_load(&records, frame->next);
		if (record && record->frame == index) {
			record->frame = USM_FRAME_NONE;
			frame->next = USM_FRAME_NONE;
			usm_frame_set_state(instance, frame, USM_FRAME_FREE);
			if (frame->leaving)
				usm_frame_left(instance);
			err = 0;
		}
		rcu_read_unlock();
	}
	spin_unlock(&instance->lock);
	/* Faults that could not have the frame, because others share it. */
	if (!err)
		wake_up_all(&instance->stored_wait);
	return err;
}

void usm_record_describe(struct usm_record *record,
			 struct usm_evicted_info *info)
{
	memset(info, 0, sizeof(*info));
	info->id = record->id;
	info->cookie = record->cookie;
	info->addr = record->addr;
	info->member = record->member;
	info->frame = READ_ONCE(record->frame);
	info->places = atomic_read(&record->places);
}
