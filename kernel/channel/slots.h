/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slots: one for every thread that faults, where its request to the policy
 * stands until it is answered, given up or withdrawn.
 *
 *          post              answer                take
 *   IDLE ───────▶ PENDING ───────────▶ ANSWERED ─────────▶ IDLE
 *                  │  │  deadline, daemon gone, "none"       ▲
 *                  │  └───────────────▶ FALLBACK ────────────┤
 *                  │  daemon gone, mode "fail"               │
 *                  └──────────────────▶ FAILED ──────────────┘
 *
 * A request may outlive its daemon; usm_slots_repost() puts it before the next.
 *
 * The kernel's record of all this is here, out of the daemon's reach; what
 * stands in the channel is a copy for the daemon.
 */
#ifndef USM_SLOTS_H
#define USM_SLOTS_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "usm.h"

struct task_struct;
struct usm_channel_mem;
struct usm_instance;
struct usm_tag;
struct vm_area_struct;

enum usm_kslot_state {
	USM_KSLOT_IDLE,
	USM_KSLOT_PENDING,
	USM_KSLOT_ANSWERED,
	USM_KSLOT_FALLBACK,
	USM_KSLOT_FAILED,
};

struct usm_kslot {
	struct hlist_node node; /* by task, under the bucket's lock */
	struct usm_instance *instance; /* the array it is in; no reference */
	struct task_struct *task; /* key only, no reference */
	u32 index;

	spinlock_t lock; /* outside instance->lock */
	enum usm_kslot_state state;
	u32 gen;
	u64 last_reply; /* word in the channel that was looked at already */
	u64 posted_ns; /* when the policy was asked first */
	unsigned long posted; /* jiffies when this daemon was asked */
	u32 attach_gen; /* of the channel it was put into, 0: none yet */
	u32 joined; /* the instance's, when it was put there */
	u32 member;
	unsigned long addr;
	/* What else stands in the channel, to put it into another. */
	unsigned long vma_start;
	unsigned long vma_end;
	enum usm_fault_kind kind;
	u16 flags;
	u32 record;
	u64 cookie;
	u32 frame; /* ANSWERED */
	enum usm_fallback_reason reason; /* FALLBACK */
	wait_queue_head_t wait;
};

/* What the policy is told about a fault. */
struct usm_request {
	u32 member;
	const struct vm_area_struct *vma;
	unsigned long addr;
	enum usm_fault_kind kind;
	u16 flags; /* USM_FAULT_REMOTE */
	/* SWAPIN: which evicted page, and what the policy knows it by. */
	u32 record;
	u64 cookie;
};

/* What became of a request. */
struct usm_answer {
	u32 frame; /* ANSWERED */
	enum usm_fallback_reason reason; /* FALLBACK */
	u64 waited_ns; /* ANSWERED: since it was posted */
};

int usm_slots_new(struct usm_instance *instance, u32 nr_slots);
void usm_slots_free(struct usm_instance *instance);

/* The calling task's slot in @instance, made if need be; NULL: all taken. */
struct usm_kslot *usm_slot_of_caller(struct usm_instance *instance);
/* The calling task's slot in @instance if it has one. */
struct usm_kslot *usm_slot_find(struct usm_instance *instance);
/* @task exits: give up its slots everywhere. Any process context. */
void usm_slots_release(struct task_struct *task);

/*
 * usm_slot_post() - put a request before the policy.
 * A request for the same fault that is still open stays as it is.  A frame
 * that came for another fault of this thread goes home.
 * @channel: NULL when there is no daemon: it is put before the next one.
 */
void usm_slot_post(struct usm_kslot *slot, struct usm_channel_mem *channel,
		   const struct usm_request *request);
/*
 * usm_slots_repost() - a daemon attached: put before it what its predecessor,
 * or nobody, was asked.  Sleeps.
 */
void usm_slots_repost(struct usm_instance *instance);
/*
 * usm_slots_ask_again() - frames joined the partition.  One of them may have
 * left it a moment ago, named by an answer that nobody has looked at yet: the
 * evicted page that was filled into it is not there any more, and the policy
 * may have found out and given up on that answer.  So earlier answers count no
 * longer, and what is open is asked for once more.  Sleeps.
 */
void usm_slots_ask_again(struct usm_instance *instance);
/*
 * usm_slot_take() - collect the outcome of @request.
 * IDLE: nothing is known of this fault; PENDING: wait.  *answer is filled
 * as far as the outcome says; a frame is the caller's, GRANTED.
 * FAILED: SIGBUS.
 */
enum usm_kslot_state usm_slot_take(struct usm_kslot *slot,
				   const struct usm_request *request,
				   struct usm_answer *answer);

/* Does it hold a request for (member, addr), or its outcome? */
bool usm_slot_asked(struct usm_kslot *slot, u32 member, unsigned long addr);

/*
 * usm_slot_answer() - the policy's reply: a frame number or USM_FRAME_NONE.
 * Errors as documented for USM_IOC_MAP; nothing changes then.
 */
int usm_slot_answer(struct usm_instance *instance, u32 index, u32 gen,
		    u32 frame);
/* See whether a reply stands in the channel, and act on it. */
void usm_slot_poll(struct usm_kslot *slot, struct usm_channel_mem *channel);

/* Is the request still open? */
bool usm_slot_pending(struct usm_kslot *slot);
/* What it is about; means something while it is pending. */
enum usm_fault_kind usm_slot_kind(const struct usm_kslot *slot);
/* An open request ends in FALLBACK for @reason, or in FAILED. */
void usm_slot_give_up(struct usm_kslot *slot, enum usm_fallback_reason reason);
void usm_slot_fail(struct usm_kslot *slot);
/*
 * Forget requests and unused answers of @member (0: everybody's), which is
 * not served any more; the frames go home.
 */
void usm_slots_withdraw(struct usm_instance *instance, u32 member);

/* For people: what is pending. */
struct usm_slots_view {
	u32 used;
	u32 pending;
	/* Of the oldest, when there is one. */
	u32 oldest;
	u32 member;
	unsigned long addr;
	enum usm_fault_kind kind;
	u64 posted_ns;
};

void usm_slots_look(struct usm_instance *instance, struct usm_slots_view *view);

/* Say in the channel how the thread waits (enum usm_slot_state). */
void usm_slot_show(struct usm_kslot *slot, struct usm_channel_mem *channel,
		   u32 state);
/* The same for IDLE, in the channel that the daemon at hand has, if any. */
void usm_slot_show_idle(struct usm_kslot *slot);

#endif /* USM_SLOTS_H */
