// SPDX-License-Identifier: GPL-2.0
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "evict/record.h"
#include "frames/frames.h"
#include "frames/home.h"
#include "pool/pool.h"
#include "stats/trace.h"
#include "tags/tags.h"

static struct usm_frame *table;

int usm_frames_init(u32 frames)
{
	u32 i;

	table = vzalloc(array_size(frames, sizeof(*table)));
	if (!table)
		return -ENOMEM;
	for (i = 0; i < frames; i++) {
		table[i].state = USM_FRAME_POOL;
		table[i].dirty = 1;
		table[i].next = USM_FRAME_NONE;
	}
	return 0;
}

void usm_frames_exit(void)
{
	vfree(table);
	table = NULL;
}

struct usm_frame *usm_frame(u32 frame)
{
	return &table[frame];
}

void usm_frame_set_state(struct usm_instance *instance, struct usm_frame *frame,
			 u8 state)
{
	lockdep_assert_held(&instance->lock);
	instance->frames[frame->state]--;
	instance->frames[state]++;
	frame->state = state;
	frame->grant = USM_GRANT_NONE;
	if (state != USM_FRAME_GRANTED && state != USM_FRAME_MAPPED)
		frame->withheld = 0;
	if (frame->leaving &&
	    (state == USM_FRAME_FREE || state == USM_FRAME_QUARANTINED))
		usm_frame_left(instance);
}

void usm_frames_scrub(u32 first, u32 count)
{
	u32 i;

	for (i = first; i < first + count; i++) {
		/* Reading or writing bad memory would be a machine check. */
		if (table[i].dirty && !PageHWPoison(usm_pool_page(i))) {
			clear_highpage(usm_pool_page(i));
			table[i].dirty = 0;
		}
		cond_resched();
	}
}

void usm_frames_assign(struct usm_instance *instance, u32 first, u32 count)
{
	u32 i;

	for (i = first; i < first + count; i++) {
		spin_lock(&instance->lock);
		table[i].owner = instance->id;
		table[i].state = USM_FRAME_FREE;
		instance->frames[USM_FRAME_FREE]++;
		spin_unlock(&instance->lock);
		cond_resched();
	}
}

void usm_frame_take(struct usm_instance *instance, u32 index)
{
	struct usm_frame *frame = &table[index];

	WARN_ON_ONCE(frame->owner != instance->id || frame->tag);
	instance->frames[frame->state]--;
	frame->owner = 0;
	frame->leaving = 0;
	frame->next = USM_FRAME_NONE;
	/* The daemon could write it whether it was ever granted or not. */
	frame->dirty = 1;
	/* Bad memory is not given to anyone again. */
	if (frame->state == USM_FRAME_QUARANTINED)
		return;
	frame->state = USM_FRAME_POOL;
	__clear_bit(index, usm_pool.used);
	usm_pool.free++;
}

void usm_frames_take_back(struct usm_instance *instance, u32 first, u32 count)
{
	u32 i;

	lockdep_assert_held(&usm_instances_lock);
	for (i = first; i < first + count; i++) {
		spin_lock(&instance->lock);
		instance->home_first = USM_FRAME_NONE;
		if (table[i].owner == instance->id)
			usm_frame_take(instance, i);
		spin_unlock(&instance->lock);
		cond_resched();
	}
}

/*
 * Under the lock, because an instance at its end loses its frames, and its id
 * goes to the next: only an attached one owns what bears its id.
 */
struct usm_frame *usm_frame_owned(struct usm_instance *instance, u32 index)
{
	lockdep_assert_held(&instance->lock);
	if (!usm_instance_attached(instance) || index >= usm_pool_frames())
		return NULL;
	index = array_index_nospec(index, usm_pool_frames());
	return table[index].owner == instance->id ? &table[index] : NULL;
}

int usm_frame_check(struct usm_instance *instance, u32 index)
{
	struct usm_frame *frame = usm_frame_owned(instance, index);

	if (!frame || frame->leaving)
		return -EPERM;
	if (frame->state == USM_FRAME_FREE &&
	    PageHWPoison(usm_pool_page(index)))
		usm_frame_set_state(instance, frame, USM_FRAME_QUARANTINED);
	return frame->state == USM_FRAME_FREE ? 0 : -EBUSY;
}

void usm_frame_set_grant(struct usm_instance *instance, u32 index,
			 enum usm_grant_kind kind, bool zeroed)
{
	struct usm_frame *frame = &table[index];

	usm_frame_set_state(instance, frame, USM_FRAME_GRANTED);
	frame->grant = kind;
	frame->zeroed = zeroed;
	trace_usm_grant(instance->id, index);
}

int usm_frame_grant_locked(struct usm_instance *instance, u32 index)
{
	int err = usm_frame_check(instance, index);

	if (!err)
		usm_frame_set_grant(instance, index, USM_GRANT_FAULT, false);
	return err;
}

int usm_frame_grant(struct usm_instance *instance, u32 index)
{
	int err;

	spin_lock(&instance->lock);
	err = usm_frame_grant_locked(instance, index);
	spin_unlock(&instance->lock);
	return err;
}

void usm_frame_push_home(struct usm_instance *instance, u32 index)
{
	struct usm_frame *frame = &table[index];

	trace_usm_free(instance->id, index);
	if (frame->leaving) {
		usm_frame_set_state(instance, frame, USM_FRAME_FREE);
		return;
	}
	usm_frame_set_state(instance, frame, USM_FRAME_HOME);
	frame->next = instance->home_first;
	instance->home_first = index;
}

void usm_frame_ungrant(struct usm_instance *instance, u32 index)
{
	spin_lock(&instance->lock);
	if (!WARN_ON_ONCE(table[index].state != USM_FRAME_GRANTED))
		usm_frame_push_home(instance, index);
	spin_unlock(&instance->lock);
	wake_up_interruptible(&instance->home_wait);
	/* It may have been the last one out of a partition at its end. */
	if (READ_ONCE(instance->state) == USM_INSTANCE_DYING)
		usm_home_hint(instance);
}

struct page *usm_frame_use_locked(struct usm_instance *instance, u32 index,
				  struct usm_tag *tag, unsigned long addr)
{
	struct usm_frame *frame = &table[index];
	struct page *page = usm_pool_page(index);

	/*
	 * Before the state says MAPPED: a frame that is mapped with only our
	 * own reference is home.
	 */
	get_page(page);
	if (tag)
		atomic_inc(&tag->mapped);
	WARN_ON_ONCE(frame->state != USM_FRAME_GRANTED ||
		     frame->owner != instance->id);
	usm_frame_set_state(instance, frame, USM_FRAME_MAPPED);
	frame->tag = tag;
	frame->addr = addr;
	frame->dirty = 1;
	trace_usm_map(instance->id, tag ? tag->member : 0, addr, index);
	return page;
}

struct page *usm_frame_use(struct usm_instance *instance, u32 index,
			   struct usm_tag *tag, unsigned long addr)
{
	struct page *page;

	if (tag)
		usm_tag_get(tag);
	spin_lock(&instance->lock);
	page = usm_frame_use_locked(instance, index, tag, addr);
	spin_unlock(&instance->lock);
	return page;
}

struct page *usm_frame_remap(struct usm_instance *instance, u32 index,
			     struct usm_tag *tag, unsigned long addr)
{
	if (tag)
		usm_tag_get(tag);
	usm_frame_set_state(instance, &table[index], USM_FRAME_GRANTED);
	return usm_frame_use_locked(instance, index, tag, addr);
}

u32 usm_frames_out(struct usm_instance *instance)
{
	return instance->frames[USM_FRAME_GRANTED] +
	       instance->frames[USM_FRAME_MAPPED] +
	       instance->frames[USM_FRAME_EVICTING];
}

u32 usm_frame_pop_home(struct usm_instance *instance)
{
	u32 index;

	spin_lock(&instance->lock);
	while ((index = instance->home_first) != USM_FRAME_NONE) {
		instance->home_first = table[index].next;
		table[index].next = USM_FRAME_NONE;
		usm_frame_set_state(instance, &table[index], USM_FRAME_FREE);
		if (!table[index].leaving)
			break;
	}
	spin_unlock(&instance->lock);
	return index;
}

void usm_frame_unpop_home(struct usm_instance *instance, u32 index)
{
	struct usm_frame *frame;

	spin_lock(&instance->lock);
	frame = usm_frame_owned(instance, index);
	if (frame && frame->state == USM_FRAME_FREE)
		usm_frame_push_home(instance, index);
	spin_unlock(&instance->lock);
}

void usm_frames_forget_home(struct usm_instance *instance)
{
	while (usm_frame_pop_home(instance) != USM_FRAME_NONE)
		cond_resched();
}

void usm_frames_describe(struct usm_instance *instance, u32 first, u32 count,
			 struct usm_frame_info *info)
{
	struct usm_record *record;
	u32 i;

	spin_lock(&instance->lock);
	for (i = 0; i < count; i++) {
		struct usm_frame *frame = usm_frame_owned(instance, first + i);

		memset(&info[i], 0, sizeof(info[i]));
		if (!frame)
			continue;
		info[i].state = frame->state;
		info[i].grant = frame->grant;
		info[i].order = frame->order;
		info[i].member = frame->tag ? frame->tag->member : 0;
		if (frame->tag && frame->grant != USM_GRANT_MAGAZINE)
			info[i].addr = frame->addr;
		if (frame->state != USM_FRAME_EVICTING)
			continue;
		record = usm_record_find(frame->next);
		if (record) {
			info[i].member = record->member;
			info[i].addr = record->addr;
			info[i].cookie = record->cookie;
		}
		usm_record_put(record);
	}
	spin_unlock(&instance->lock);
}
