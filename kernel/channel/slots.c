// SPDX-License-Identifier: GPL-2.0
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/nospec.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "channel/channel.h"
#include "channel/doorbell.h"
#include "channel/slots.h"
#include "frames/frames.h"
#include "instance/instance.h"
#include "instance/watchdog.h"
#include "stats/trace.h"
#include "tags/tags.h"

/* Buckets of the table of slots by task. */
#define SLOT_HASH_BITS 8

static struct {
	spinlock_t lock; /* outside slot->lock */
	struct hlist_head slots;
} buckets[1 << SLOT_HASH_BITS] = {
	[0 ...(1 << SLOT_HASH_BITS) - 1] =
		{
			.lock = __SPIN_LOCK_UNLOCKED(buckets.lock),
		},
};

static u32 bucket(const struct task_struct *task)
{
	return hash_ptr((void *)task, SLOT_HASH_BITS);
}

int usm_slots_new(struct usm_instance *instance, u32 nr_slots)
{
	u32 i;

	instance->slots = kvcalloc(nr_slots, sizeof(*instance->slots),
				   GFP_KERNEL_ACCOUNT);
	if (!instance->slots)
		return -ENOMEM;
	for (i = 0; i < nr_slots; i++) {
		struct usm_kslot *slot = &instance->slots[i];

		slot->instance = instance;
		slot->index = i;
		spin_lock_init(&slot->lock);
		init_waitqueue_head(&slot->wait);
	}
	instance->nr_slots = nr_slots;
	return 0;
}

void usm_slots_free(struct usm_instance *instance)
{
	struct usm_kslot *slot;
	struct hlist_node *next;
	u32 b;

	/*
	 * Threads that faulted once and live on are still in the table; and
	 * one that exits right now holds its bucket's lock while it uses us.
	 */
	for (b = 0; b < ARRAY_SIZE(buckets); b++) {
		spin_lock(&buckets[b].lock);
		hlist_for_each_entry_safe(slot, next, &buckets[b].slots, node)
			if (slot->instance == instance)
				hlist_del(&slot->node);
		spin_unlock(&buckets[b].lock);
	}
	kvfree(instance->slots);
}

struct usm_kslot *usm_slot_find(struct usm_instance *instance)
{
	struct usm_kslot *slot, *found = NULL;
	u32 b = bucket(current);

	spin_lock(&buckets[b].lock);
	hlist_for_each_entry(slot, &buckets[b].slots, node) {
		if (slot->task == current && slot->instance == instance) {
			found = slot;
			break;
		}
	}
	spin_unlock(&buckets[b].lock);
	return found;
}

struct usm_kslot *usm_slot_of_caller(struct usm_instance *instance)
{
	struct usm_kslot *slot = usm_slot_find(instance);
	u32 b = bucket(current);
	u32 index;

	if (slot)
		return slot;

	do {
		index = find_first_zero_bit(instance->slots_used,
					    instance->nr_slots);
		if (index >= instance->nr_slots)
			return NULL;
	} while (test_and_set_bit(index, instance->slots_used));

	slot = &instance->slots[index];
	spin_lock(&buckets[b].lock);
	slot->task = current;
	hlist_add_head(&slot->node, &buckets[b].slots);
	spin_unlock(&buckets[b].lock);
	return slot;
}

/* The caller holds slot->lock. */
static void set_state(struct usm_kslot *slot, enum usm_kslot_state state)
{
	if (slot->state == USM_KSLOT_IDLE && state != USM_KSLOT_IDLE)
		atomic_inc(&slot->instance->slots_busy);
	if (slot->state != USM_KSLOT_IDLE && state == USM_KSLOT_IDLE)
		atomic_dec(&slot->instance->slots_busy);
	slot->state = state;
}

/* The caller holds slot->lock. */
static void reset(struct usm_kslot *slot)
{
	if (slot->state == USM_KSLOT_ANSWERED)
		usm_frame_ungrant(slot->instance, slot->frame);
	set_state(slot, USM_KSLOT_IDLE);
}

void usm_slots_release(struct task_struct *task)
{
	struct usm_kslot *slot;
	struct hlist_node *next;
	u32 b = bucket(task);

	if (hlist_empty(&buckets[b].slots))
		return;
	spin_lock(&buckets[b].lock);
	hlist_for_each_entry_safe(slot, next, &buckets[b].slots, node) {
		if (slot->task != task)
			continue;
		hlist_del(&slot->node);
		slot->task = NULL;
		spin_lock(&slot->lock);
		reset(slot);
		spin_unlock(&slot->lock);
		clear_bit(slot->index, slot->instance->slots_used);
	}
	spin_unlock(&buckets[b].lock);
}

/* The caller holds slot->lock, so that slot->task cannot be gone. */
/*
 * The caller holds slot->lock.  Not by the cookie: the policy may use one anew
 * while a thread has yet to collect what came for its last meaning.
 */
static bool is_for(const struct usm_kslot *slot,
		   const struct usm_request *request)
{
	return slot->member == request->member && slot->addr == request->addr &&
	       slot->record == request->record;
}

static void publish(struct usm_kslot *slot, struct usm_channel_mem *channel,
		    u32 state)
{
	struct usm_slot *shared = &channel->slots[slot->index];
	struct pid_namespace *ns = channel->ns;

	slot->gen = slot->gen + 1 ?: 1;
	slot->posted = jiffies;
	slot->last_reply = 0;
	slot->attach_gen = channel->attach_gen;
	slot->joined = READ_ONCE(slot->instance->joined);
	trace_usm_upcall(slot->instance->id, slot->index, slot->gen,
			 slot->member, slot->addr, slot->kind);

	WRITE_ONCE(shared->kind, slot->kind);
	WRITE_ONCE(shared->order, 0);
	WRITE_ONCE(shared->flags, slot->flags);
	WRITE_ONCE(shared->addr, slot->addr);
	WRITE_ONCE(shared->vma_start, slot->vma_start);
	WRITE_ONCE(shared->vma_end, slot->vma_end);
	WRITE_ONCE(shared->cookie, slot->cookie);
	WRITE_ONCE(shared->tid, task_pid_nr_ns(slot->task, ns));
	WRITE_ONCE(shared->tgid, task_tgid_nr_ns(slot->task, ns));
	WRITE_ONCE(shared->member, slot->member);
	WRITE_ONCE(shared->error, 0);
	WRITE_ONCE(shared->state, state);
	/* Whoever sees the generation sees the request. */
	smp_store_release(&shared->gen, slot->gen);

	/* Leaf, then summary: the worker clears them the other way round. */
	set_bit(slot->index % 64,
		(unsigned long *)&channel->pfq->leaf[slot->index / 64]);
	smp_mb__after_atomic();
	set_bit(slot->index / 64, (unsigned long *)&channel->pfq->summary);
	smp_mb__after_atomic();
}

/* Put an open request into the channel there is now, if it is not there yet. */
static void repost(struct usm_kslot *slot)
{
	struct usm_instance *instance = slot->instance;
	struct usm_channel_mem *channel;

	spin_lock(&slot->lock);
	spin_lock(&instance->lock);
	channel = instance->channel;
	/* A thread that is about to exit does not want it any more. */
	if (channel && slot->task && slot->state == USM_KSLOT_PENDING &&
	    slot->attach_gen != channel->attach_gen)
		publish(slot, channel, USM_SLOT_ASLEEP);
	spin_unlock(&instance->lock);
	spin_unlock(&slot->lock);
	wake_up(&slot->wait);
}

void usm_slot_post(struct usm_kslot *slot, struct usm_channel_mem *channel,
		   const struct usm_request *request)
{
	spin_lock(&slot->lock);
	if (slot->state != USM_KSLOT_IDLE && is_for(slot, request)) {
		spin_unlock(&slot->lock);
		return;
	}
	reset(slot);
	slot->member = request->member;
	slot->record = request->record;
	slot->cookie = request->cookie;
	slot->addr = request->addr;
	slot->vma_start = request->vma->vm_start;
	slot->vma_end = request->vma->vm_end;
	slot->kind = request->kind;
	slot->flags = request->flags;
	slot->posted_ns = ktime_get_ns();
	slot->posted = jiffies;
	slot->attach_gen = 0;
	set_state(slot, USM_KSLOT_PENDING);
	if (channel)
		publish(slot, channel, USM_SLOT_SPINNING);
	spin_unlock(&slot->lock);
	/*
	 * A daemon that attached meanwhile either finds the request, or is
	 * found here.
	 */
	smp_mb();
	if (READ_ONCE(slot->instance->channel) != channel)
		repost(slot);
}

void usm_slots_repost(struct usm_instance *instance)
{
	u32 i;

	/* The channel is there for all to see before we look for requests. */
	smp_mb();
	for (i = 0; i < instance->nr_slots; i++) {
		if (usm_slot_pending(&instance->slots[i]))
			repost(&instance->slots[i]);
		cond_resched();
	}
}

/* Frames joined since it was asked for. */
static bool outdated(const struct usm_kslot *slot)
{
	return slot->joined != READ_ONCE(slot->instance->joined);
}

static bool ask_again(struct usm_kslot *slot)
{
	struct usm_instance *instance = slot->instance;
	struct usm_channel_mem *channel;
	bool again;

	spin_lock(&slot->lock);
	spin_lock(&instance->lock);
	channel = instance->channel;
	/* What is in no channel yet, or in an earlier one, repost() asks for. */
	again = channel && slot->task && slot->state == USM_KSLOT_PENDING &&
		slot->attach_gen == channel->attach_gen && outdated(slot);
	if (again)
		publish(slot, channel, USM_SLOT_ASLEEP);
	spin_unlock(&instance->lock);
	spin_unlock(&slot->lock);
	return again;
}

void usm_slots_ask_again(struct usm_instance *instance)
{
	u32 i;

	for (i = 0; i < instance->nr_slots; i++) {
		if (usm_slot_pending(&instance->slots[i]) &&
		    ask_again(&instance->slots[i]))
			usm_doorbell_wake(instance, i);
		cond_resched();
	}
}

bool usm_slot_asked(struct usm_kslot *slot, u32 member, unsigned long addr)
{
	bool asked;

	spin_lock(&slot->lock);
	asked = slot->state != USM_KSLOT_IDLE && slot->member == member &&
		slot->addr == addr;
	spin_unlock(&slot->lock);
	return asked;
}

enum usm_kslot_state usm_slot_take(struct usm_kslot *slot,
				   const struct usm_request *request,
				   struct usm_answer *answer)
{
	enum usm_kslot_state state = USM_KSLOT_IDLE;

	spin_lock(&slot->lock);
	if (is_for(slot, request))
		state = slot->state;
	switch (state) {
	case USM_KSLOT_ANSWERED:
		answer->frame = slot->frame;
		answer->waited_ns = ktime_get_ns() - slot->posted_ns;
		set_state(slot, USM_KSLOT_IDLE);
		break;
	case USM_KSLOT_FALLBACK:
		answer->reason = slot->reason;
		set_state(slot, USM_KSLOT_IDLE);
		break;
	case USM_KSLOT_FAILED:
		set_state(slot, USM_KSLOT_IDLE);
		break;
	default:
		break;
	}
	spin_unlock(&slot->lock);
	return state;
}

/* Frames join under the same lock, and are counted before. */
static int grant(struct usm_kslot *slot, u32 frame)
{
	struct usm_instance *instance = slot->instance;
	int err = -ESTALE;

	spin_lock(&instance->lock);
	if (!outdated(slot))
		err = usm_frame_grant_locked(instance, frame);
	spin_unlock(&instance->lock);
	return err;
}

static int answer(struct usm_kslot *slot, u32 gen, u32 frame)
{
	struct usm_instance *instance = slot->instance;
	int err = 0;

	spin_lock(&slot->lock);
	if (slot->state != USM_KSLOT_PENDING || slot->gen != gen) {
		err = -ESTALE;
	} else if (frame == USM_FRAME_NONE) {
		slot->reason = USM_FALLBACK_REFUSED;
		set_state(slot, USM_KSLOT_FALLBACK);
	} else {
		err = grant(slot, frame);
		if (!err) {
			slot->frame = frame;
			set_state(slot, USM_KSLOT_ANSWERED);
		}
	}
	spin_unlock(&slot->lock);

	if (!err) {
		usm_watchdog_answered(instance);
		wake_up(&slot->wait);
	} else if (err != -ESTALE) {
		atomic64_inc(&instance->bad_commands);
	}
	return err;
}

int usm_slot_answer(struct usm_instance *instance, u32 index, u32 gen,
		    u32 frame)
{
	if (index >= instance->nr_slots) {
		atomic64_inc(&instance->bad_commands);
		return -EINVAL;
	}
	index = array_index_nospec(index, instance->nr_slots);
	return answer(&instance->slots[index], gen, frame);
}

void usm_slot_poll(struct usm_kslot *slot, struct usm_channel_mem *channel)
{
	struct usm_slot *shared = &channel->slots[slot->index];
	u64 reply = READ_ONCE(shared->reply);
	int err;

	/* Only this thread polls its slot, so last_reply needs no lock. */
	if (reply == slot->last_reply || (u32)(reply >> 32) != slot->gen)
		return;
	slot->last_reply = reply;
	err = answer(slot, (u32)(reply >> 32), (u32)reply);
	/* Stale is an answer to nothing that is still open. */
	if (err && err != -ESTALE)
		WRITE_ONCE(shared->error, err);
}

bool usm_slot_pending(struct usm_kslot *slot)
{
	return READ_ONCE(slot->state) == USM_KSLOT_PENDING;
}

enum usm_fault_kind usm_slot_kind(const struct usm_kslot *slot)
{
	return READ_ONCE(slot->kind);
}

static void finish(struct usm_kslot *slot, enum usm_kslot_state state,
		   enum usm_fallback_reason reason)
{
	spin_lock(&slot->lock);
	/* The kernel's allocator would answer for an evicted page with zeroes. */
	if (slot->state == USM_KSLOT_PENDING &&
	    !(state == USM_KSLOT_FALLBACK && slot->kind == USM_FAULT_SWAPIN)) {
		slot->reason = reason;
		set_state(slot, state);
	}
	spin_unlock(&slot->lock);
	wake_up(&slot->wait);
}

void usm_slot_give_up(struct usm_kslot *slot, enum usm_fallback_reason reason)
{
	finish(slot, USM_KSLOT_FALLBACK, reason);
}

void usm_slot_fail(struct usm_kslot *slot)
{
	finish(slot, USM_KSLOT_FAILED, 0);
}

void usm_slots_look(struct usm_instance *instance, struct usm_slots_view *view)
{
	u32 i;

	memset(view, 0, sizeof(*view));
	view->used = bitmap_weight(instance->slots_used, instance->nr_slots);
	for (i = 0; i < instance->nr_slots; i++) {
		struct usm_kslot *slot = &instance->slots[i];

		if (!usm_slot_pending(slot))
			continue;
		spin_lock(&slot->lock);
		if (slot->state == USM_KSLOT_PENDING &&
		    (view->pending++ == 0 ||
		     slot->posted_ns < view->posted_ns)) {
			view->oldest = i;
			view->member = slot->member;
			view->addr = slot->addr;
			view->kind = slot->kind;
			view->posted_ns = slot->posted_ns;
		}
		spin_unlock(&slot->lock);
		cond_resched();
	}
}

void usm_slots_withdraw(struct usm_instance *instance, u32 member)
{
	u32 i;

	for (i = 0; i < instance->nr_slots; i++) {
		struct usm_kslot *slot = &instance->slots[i];

		spin_lock(&slot->lock);
		if (member == 0 || slot->member == member)
			reset(slot);
		spin_unlock(&slot->lock);
		wake_up(&slot->wait);
		cond_resched();
	}
}

void usm_slot_show_idle(struct usm_kslot *slot)
{
	struct usm_instance *instance = slot->instance;

	spin_lock(&instance->lock);
	if (instance->channel)
		usm_slot_show(slot, instance->channel, USM_SLOT_IDLE);
	spin_unlock(&instance->lock);
}

void usm_slot_show(struct usm_kslot *slot, struct usm_channel_mem *channel,
		   u32 state)
{
	WRITE_ONCE(channel->slots[slot->index].state, state);
	/* Before looking for a reply once more: the daemon does it mirrored. */
	smp_mb();
}
