/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tags: which address spaces are members of which instance.
 *
 * A serving tag sends faults to its instance.  A tag that no longer serves
 * (unbound, or a fork child that does not inherit) stays, because its address
 * space may still map frames: what it unmaps is a hint to look for them.
 */
#ifndef USM_TAGS_H
#define USM_TAGS_H

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "grants/magazine.h"
#include "usm.h"

struct mm_struct;
struct task_struct;
struct usm_instance;

struct usm_tag {
	struct hlist_node node; /* by mm, RCU */
	struct mm_struct *mm; /* mm_count held while in the table */
	struct usm_instance *instance; /* with a reference */
	struct kref ref;
	struct work_struct free_work;
	struct rcu_head rcu;
	struct list_head member_link; /* instance->members while serving */
	struct usm_tag *previous; /* an older tag of the same address space */

	u32 member;
	u32 inherit; /* enum usm_inherit */
	bool serving;
	bool served_to_end; /* it was serving when its address space ended */
	bool was_dumpable; /* losing it drops the tag */

	struct pid *pid; /* thread group */
	u64 start_time_ns;
	char comm[16];

	struct usm_magazine
		magazine; /* under instance->lock, as the next two */
	struct rb_root ranges; /* usm_range.node */
	u32 nr_ranges;
	u32 large_ranges; /* of these, may become large pages */

	atomic_t mapped; /* frames given to it and still out */
	atomic64_t faults;
	atomic64_t upcalls;
	atomic64_t magazine_faults;
	atomic64_t range_faults;
	atomic64_t around;
	atomic64_t fallbacks;
	atomic64_t evictions;
	atomic64_t swapins;
};

#define USM_TAG_FILTER_BITS 10

/* Tags per hash of the mm: lets the hooks pass all others with one load. */
extern atomic_t usm_tag_filter[1 << USM_TAG_FILTER_BITS];

static __always_inline bool usm_tag_possible(const struct mm_struct *mm)
{
	return atomic_read(
		&usm_tag_filter[hash_ptr((void *)mm, USM_TAG_FILTER_BITS)]);
}

/*
 * Let @mm pass the filter for another reason than a tag, and no longer.  Any
 * context.
 */
static inline void usm_tag_filter_add(const struct mm_struct *mm)
{
	atomic_inc(&usm_tag_filter[hash_ptr((void *)mm, USM_TAG_FILTER_BITS)]);
}

static inline void usm_tag_filter_remove(const struct mm_struct *mm)
{
	atomic_dec(&usm_tag_filter[hash_ptr((void *)mm, USM_TAG_FILTER_BITS)]);
}

/*
 * For the hooks' callbacks, after usm_tag_possible(): is there a tag, and does
 * it serve?  Exact at the moment of asking; takes no reference.
 */
bool usm_tag_known(const struct mm_struct *mm);
bool usm_tag_serves(const struct mm_struct *mm);

/* The tag of @mm with a reference, or NULL. Any context. */
struct usm_tag *usm_tag_find(struct mm_struct *mm);
void usm_tag_get(struct usm_tag *tag);
/* NULL is fine. Any context: the last one frees from a work item. */
void usm_tag_put(struct usm_tag *tag);

/*
 * usm_tag_create() - tag @mm as the address space of @task.
 * @parent: member it descends from, 0 for none
 * @event: enum usm_event_type to announce, for a serving tag
 * Returns -EBUSY when @mm has a serving tag, -ENODEV when the instance is
 * dying, -EPERM for a daemon's own address space, -ENOMEM.
 * On success *member is set.  Any context that @gfp allows.
 */
int usm_tag_create(struct usm_instance *instance, struct task_struct *task,
		   struct mm_struct *mm, u32 inherit, bool serving, u32 parent,
		   u32 event, gfp_t gfp, u32 *member);

/*
 * The serving member of @instance with that id, with a reference, or NULL.
 * Any context.
 */
struct usm_tag *usm_tag_of_member(struct usm_instance *instance, u32 member);

/*
 * Stop serving; the tag stays for hints.  Unused grants go home.  Process
 * context.  Returns -ENOENT if it did not serve.
 */
int usm_tag_stop(struct usm_tag *tag);

/*
 * The address space of @tag with a reference for mmput(), or NULL when it has
 * ended.  Any context.
 */
struct mm_struct *usm_tag_mm(struct usm_tag *tag);

/* The address space is about to end. Context: a task in exit_mmap(). */
void usm_tag_exit(struct mm_struct *mm);

/* Something in @mm was unmapped: frames may be on their way home. */
void usm_tag_hint(struct mm_struct *mm);

/* Frames given to @mm by all its instances and still out. Any context. */
u32 usm_tag_frames(struct mm_struct *mm);

/* Is @mm tagged? Waits for an insertion under way. */
bool usm_tag_exists(struct mm_struct *mm);

/*
 * The tag that @mm has, or had before it was bound elsewhere, of @instance,
 * with a reference; or NULL.
 */
struct usm_tag *usm_tag_of(struct mm_struct *mm, struct usm_instance *instance);

/*
 * usm_tag_next() - the tag with the lowest number above @after among those of
 * address spaces that may map frames of @instance, serving or not, with a
 * reference; *mm gets one too (mmput).  NULL when there is none.  Sleeps.
 */
struct usm_tag *usm_tag_next(struct usm_instance *instance, u32 after,
			     struct mm_struct **mm);

/* All frames of @instance came home: its idle tags are not needed any more. */
void usm_tags_purge(struct usm_instance *instance);

/* ---- bind.c ---------------------------------------------------------------- */

int usm_bind(struct usm_bind *bind);
int usm_unbind(struct usm_unbind *unbind);

/* ---- daemons.c -------------------------------------------------------------- */

/*
 * Address spaces that must never be served: a daemon would wait for itself,
 * or for one that waits for it.  register is for the calling process and
 * returns -EPERM if it is tagged, -EBUSY if it is registered already; callers
 * hold usm_instances_lock.
 */
int usm_daemon_register(struct mm_struct *mm);
void usm_daemon_unregister(struct mm_struct *mm);
bool usm_daemon_is(const struct mm_struct *mm);
/* Has that process ended? */
bool usm_daemon_gone(struct pid *pid);
/* Is @task the last thread of a registered process? */
bool usm_daemon_exits(struct task_struct *task);

/* ---- inherit.c --------------------------------------------------------------- */

struct linux_binprm;

int usm_inherit_init(void);
void usm_inherit_exit(void);

/* Carry @old over to the image that exec just made current. Takes no reference. */
void usm_inherit_exec(struct usm_tag *old, struct linux_binprm *bprm);

/*
 * May the policy daemon go on serving this address space?  False once it
 * became undumpable: ptrace would be refused from then on, and so are we.
 */
bool usm_tag_still_allowed(const struct usm_tag *tag, struct mm_struct *mm);

#endif /* USM_TAGS_H */
