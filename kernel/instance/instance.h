/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An instance: a partition of the pool, the daemon that decides over it, and
 * the members it serves.  It may outlive its daemon (waiting for another) and,
 * once destroyed, lives on until its last frame came home.
 */
#ifndef USM_INSTANCE_H
#define USM_INSTANCE_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/jiffies.h>
#include <linux/kfifo.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "grants/magazine.h"
#include "instance/watchdog.h"
#include "pool/runs.h"
#include "usm.h"

struct usm_channel_mem;
struct usm_kslot;
struct usm_tag;

/* Events kept for a daemon that does not read; a power of two for kfifo. */
#define USM_EVENT_QUEUE 256

struct usm_instance {
	u32 id;
	char name[USM_NAME_SIZE];
	u32 flags; /* USM_CLAIM_PERSIST */
	u32 deadline_ms;
	kuid_t owner;
	u64 created_ns;
	struct kref ref;
	struct work_struct free_work;

	/*
	 * Partition: changed under the instances' mutex and .lock, read under
	 * either.  .leaving covers the frames that are to go back to the pool
	 * and, beside them, others that are no business of ours any more.
	 */
	struct usm_runs runs;
	struct usm_runs leaving;
	u32 pick_next; /* where usm_frame_pick() looks next */
	u32 joined; /* counts up before frames join; under .lock */
	bool resizing; /* one at a time, under the instances' mutex */
	struct delayed_work leave_work;

	/*
	 * The attachment: who is the daemon right now.  Written under the
	 * instances' mutex and .lock; slice_sem is held for reading while a
	 * frame is put into the daemon's page table, and for writing while
	 * the right to do so ends.
	 */
	u32 state; /* enum usm_instance_state; 0: still being made */
	u32 attach_gen;
	u32 on_loss; /* enum usm_on_loss */
	/* Counts its comings and goings, for those who wait for it. */
	u32 turn;
	unsigned long turned; /* jiffies of the last one */
	struct file *owner_file;
	struct pid *daemon;
	struct mm_struct *daemon_mm;
	struct rw_semaphore slice_sem;
	struct usm_channel_mem *channel;

	/* Workers: registered threads of the daemon, by doorbell. */
	struct task_struct *workers[USM_WORKERS_MAX];
	u32 nr_workers;
	struct usm_watchdog watchdog;

	/*
	 * Protects the states of this instance's frames, the list of those
	 * that came home, members and events.  Innermost lock but the
	 * wait queues'.
	 */
	spinlock_t lock;
	u32 frames[USM_FRAME_STATES];
	u32 home_first; /* list through usm_frame.next */
	wait_queue_head_t home_wait;
	bool home_open;

	/* Frames given ahead for any member; and what the policy is told. */
	struct usm_magazine shared;
	u64 notice_head;
	u64 notices_lost;

	struct list_head members; /* usm_tag.member_link */
	u32 nr_members;
	/*
	 * Members in exec: their old address space may have ended already and
	 * the new one not be tagged yet, but they are members.
	 */
	atomic_t in_exec;

	DECLARE_KFIFO(events, struct usm_event, USM_EVENT_QUEUE);
	bool events_lost;
	wait_queue_head_t event_wait;
	bool events_open;

	/* Looking for frames that came home, see frames/home.c. */
	struct delayed_work home_work;
	unsigned int home_delay_ms; /* grows while pinned frames stay out */
	unsigned int home_pause_ms; /* least time between scans */

	atomic_t evicted; /* records, see evict/record.h */
	wait_queue_head_t stored_wait; /* for frames of evicted pages */

	struct usm_kslot *slots;
	u32 nr_slots;
	DECLARE_BITMAP(slots_used, USM_SLOTS_MAX);
	atomic_t slots_busy; /* with a request or an unused answer */

	struct dentry *debugfs; /* its directory, or none */

	atomic64_t faults;
	atomic64_t upcalls;
	atomic64_t magazine;
	atomic64_t range;
	atomic64_t around;
	atomic64_t fallbacks[USM_FALLBACK_REASONS];
	atomic64_t late;
	atomic64_t quarantines;
	atomic64_t evictions;
	atomic64_t swapins;
	atomic64_t retaken;
	atomic64_t freed;
	atomic64_t bad_commands;
	atomic64_t wakes_kernel;
	atomic64_t waker_notified;
	atomic64_t latency[USM_LATENCY_BUCKETS];
};

/* ---- the table of instances (instance.c) -------------------------------- */

/*
 * Serialises claim, attach, detach and destroy; never taken under another
 * lock of the module, never while waiting for a daemon.
 */
extern struct mutex usm_instances_lock;

void usm_instance_get(struct usm_instance *instance);
/* usm_instance_put() - NULL is fine; the last one frees from a work item. */
void usm_instance_put(struct usm_instance *instance);

/* A reference to the instance of that id or name, or NULL. May sleep. */
struct usm_instance *usm_instance_by_id(u32 id);
/* The caller holds usm_instances_lock; no reference is taken. */
struct usm_instance *usm_instance_named(const char *name);
/* First instance with an id of at least @first, with a reference, or NULL. */
struct usm_instance *usm_instance_next(u32 first);
/* A reference to the instance whose daemon is the calling process, or NULL. */
struct usm_instance *usm_instance_of_caller(void);
u32 usm_instances_count(void);

/* Put a new instance into the table: -ENOSPC when there is no id left. */
int usm_instance_publish(struct usm_instance *instance);
/* New with everything but partition, slots and attachment; NULL: no memory. */
struct usm_instance *usm_instance_new(const char *name);

/*
 * Take a destroyed instance whose last frame came home out of the table, once.
 * Called whenever one of the conditions may have become true.  May sleep.
 */
void usm_instance_maybe_end(struct usm_instance *instance);

static inline bool usm_instance_attached(const struct usm_instance *instance)
{
	return READ_ONCE(instance->state) == USM_INSTANCE_ATTACHED;
}

/*
 * The daemon came, went, or has its first worker: who waits is to look again,
 * once usm_loss_settle_all() has woken them.  The caller holds instance->lock.
 */
static inline void usm_instance_turn(struct usm_instance *instance)
{
	WRITE_ONCE(instance->turned, jiffies);
	smp_store_release(&instance->turn, instance->turn + 1);
}

/* ---- claim.c -------------------------------------------------------------- */

/*
 * usm_instance_claim() - USM_IOC_CLAIM for @file.
 * On success *@out has a reference that the file keeps until detach.
 */
int usm_instance_claim(struct file *file, struct usm_claim *claim,
		       struct usm_instance **out);
/* The claiming file is closed: the daemon is gone. Keeps the reference. */
void usm_instance_detach(struct usm_instance *instance, struct file *file);
/*
 * A daemon's process ended: detach what it left attached, even if its
 * descriptor lives on in another process.  Any context; works later.
 */
void usm_instances_check_daemons(void);
/* USM_IOC_DESTROY; @file is the caller's. */
int usm_instance_destroy(struct usm_instance *instance, struct file *file);

/* ---- resize.c ----------------------------------------------------------------- */

/*
 * usm_instance_resize() - USM_IOC_RESIZE; @file is the caller's.
 * usm_instance_extents() - USM_IOC_EXTENTS.
 */
int usm_instance_resize(struct usm_instance *instance, struct file *file,
			struct usm_resize *resize);
int usm_instance_extents(struct usm_instance *instance, struct file *file,
			 struct usm_extents *extents);
/* Frames that were to leave and became FREE go back to the pool. */
void usm_leave_init(struct usm_instance *instance);

/* ---- events.c --------------------------------------------------------------- */

/* Queue an event about @tag. The caller holds instance->lock. */
void usm_event_emit(struct usm_instance *instance, u32 type,
		    struct usm_tag *tag, u32 parent);
/* Queue an event about the instance itself. The same lock. */
void usm_event_emit_plain(struct usm_instance *instance, u32 type);

/* ---- info.c ------------------------------------------------------------------ */

void usm_instance_describe(struct usm_instance *instance,
			   struct usm_instance_info *info);
/* Members with an id above @after, at most @room; returns how many. */
u32 usm_instance_members(struct usm_instance *instance, u32 after,
			 struct usm_member_info *info, u32 room);

#endif /* USM_INSTANCE_H */
