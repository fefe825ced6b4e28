// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/sched/mm.h>
#include <linux/sched/coredump.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "evict/places.h"
#include "frames/home.h"
#include "grants/grants.h"
#include "instance/instance.h"
#include "tags/tags.h"
#include "usm_module.h"

atomic_t usm_tag_filter[1 << USM_TAG_FILTER_BITS];

static struct hlist_head table[1 << USM_TAG_FILTER_BITS];
/*
 * Writers of the table. Outside any instance's lock, which is taken under it.
 * Taken from the fork
 * tracepoint, in process context with preemption off; never from interrupts.
 */
static DEFINE_SPINLOCK(table_lock);
static u32 last_member;

static __always_inline u32 bucket(const struct mm_struct *mm)
{
	return hash_ptr((void *)mm, USM_TAG_FILTER_BITS);
}

static void free_tag(struct work_struct *work)
{
	struct usm_tag *tag = container_of(work, struct usm_tag, free_work);

	usm_tag_put(tag->previous);
	put_pid(tag->pid);
	usm_instance_put(tag->instance);
	kfree_rcu(tag, rcu);
	module_put(THIS_MODULE);
}

static void release_tag(struct kref *ref)
{
	struct usm_tag *tag = container_of(ref, struct usm_tag, ref);

	queue_work(usm_wq, &tag->free_work);
}

void usm_tag_get(struct usm_tag *tag)
{
	kref_get(&tag->ref);
}

void usm_tag_put(struct usm_tag *tag)
{
	if (tag)
		kref_put(&tag->ref, release_tag);
}

/* The caller is in an RCU read section. */
static __always_inline struct usm_tag *look_up(const struct mm_struct *mm)
{
	struct usm_tag *tag;

	hlist_for_each_entry_rcu(tag, &table[bucket(mm)], node)
		if (tag->mm == mm)
			return tag;
	return NULL;
}

bool notrace usm_tag_known(const struct mm_struct *mm)
{
	bool known;

	rcu_read_lock();
	known = look_up(mm) != NULL;
	rcu_read_unlock();
	return known;
}

bool notrace usm_tag_serves(const struct mm_struct *mm)
{
	struct usm_tag *tag;
	bool serves;

	rcu_read_lock();
	tag = look_up(mm);
	serves = tag && READ_ONCE(tag->serving);
	rcu_read_unlock();
	return serves;
}

struct usm_tag *usm_tag_find(struct mm_struct *mm)
{
	struct usm_tag *tag;

	if (!usm_tag_possible(mm))
		return NULL;
	rcu_read_lock();
	tag = look_up(mm);
	if (tag && !kref_get_unless_zero(&tag->ref))
		tag = NULL;
	rcu_read_unlock();
	return tag;
}

/* The caller holds table_lock. */
static struct usm_tag *find_locked(struct mm_struct *mm)
{
	struct usm_tag *tag;

	hlist_for_each_entry(tag, &table[bucket(mm)], node)
		if (tag->mm == mm)
			return tag;
	return NULL;
}

static struct usm_tag *new_tag(struct usm_instance *instance,
			       struct task_struct *task, struct mm_struct *mm,
			       gfp_t gfp)
{
	struct task_struct *leader;
	struct usm_tag *tag;

	/* Every tag keeps the module: unloading is refused while one is left. */
	if (!try_module_get(THIS_MODULE))
		return NULL;
	tag = kzalloc(sizeof(*tag), gfp);
	if (!tag) {
		module_put(THIS_MODULE);
		return NULL;
	}
	kref_init(&tag->ref);
	INIT_WORK(&tag->free_work, free_tag);
	INIT_LIST_HEAD(&tag->member_link);
	usm_magazine_init(&tag->magazine);
	usm_instance_get(instance);
	tag->instance = instance;
	tag->mm = mm;
	tag->was_dumpable = get_dumpable(mm) == SUID_DUMP_USER;
	tag->pid = get_task_pid(task, PIDTYPE_TGID);
	rcu_read_lock();
	leader = pid_task(tag->pid, PIDTYPE_TGID);
	if (leader) {
		tag->start_time_ns = leader->start_boottime;
		strscpy(tag->comm, leader->comm, sizeof(tag->comm));
	}
	rcu_read_unlock();
	return tag;
}

/*
 * One tag for each instance is enough for hints: however often a process is
 * bound and unbound, its chain stays short.  The caller holds table_lock.
 */
static void drop_older(struct usm_tag *tag)
{
	struct usm_tag *each = tag;
	struct usm_tag *old;

	while ((old = each->previous) != NULL) {
		if (old->instance != tag->instance) {
			each = old;
			continue;
		}
		each->previous = old->previous;
		old->previous = NULL;
		usm_tag_put(old);
	}
}

/* Make @tag a serving member. The caller holds table_lock. */
static int enlist(struct usm_tag *tag, u32 parent, u32 event)
{
	struct usm_instance *instance = tag->instance;
	int err = 0;

	spin_lock(&instance->lock);
	if (instance->state == USM_INSTANCE_DYING) {
		err = -ENODEV;
	} else {
		list_add_tail(&tag->member_link, &instance->members);
		instance->nr_members++;
		WRITE_ONCE(tag->serving, true);
		usm_event_emit(instance, event, tag, parent);
	}
	spin_unlock(&instance->lock);
	return err;
}

/* Into the table, perhaps in place of @old. The caller holds table_lock. */
static void insert(struct usm_tag *tag, struct usm_tag *old)
{
	if (old) {
		/* Keeps the table's reference and mm_count. */
		tag->previous = old;
		hlist_replace_rcu(&old->node, &tag->node);
		drop_older(tag);
		return;
	}
	mmgrab(tag->mm);
	hlist_add_head_rcu(&tag->node, &table[bucket(tag->mm)]);
	atomic_inc(&usm_tag_filter[bucket(tag->mm)]);
}

static void remove(struct usm_tag *tag)
{
	hlist_del_rcu(&tag->node);
	atomic_dec(&usm_tag_filter[bucket(tag->mm)]);
}

/*
 * All in one hold of the lock: nobody sees a tag that is in the table and
 * about to serve, and members are listed in the order of their ids.
 */
static int add(struct usm_tag *tag, bool serving, u32 parent, u32 event,
	       u32 *member)
{
	struct usm_tag *old;
	int err = 0;

	spin_lock(&table_lock);
	old = find_locked(tag->mm);
	if (old && READ_ONCE(old->serving)) {
		err = -EBUSY;
	} else if (usm_daemon_is(tag->mm)) {
		err = -EPERM;
	} else {
		tag->member = ++last_member;
		if (serving)
			err = enlist(tag, parent, event);
		if (!err) {
			*member = tag->member;
			/* From here on the reference is the table's. */
			insert(tag, old);
		}
	}
	spin_unlock(&table_lock);
	return err;
}

int usm_tag_create(struct usm_instance *instance, struct task_struct *task,
		   struct mm_struct *mm, u32 inherit, bool serving, u32 parent,
		   u32 event, gfp_t gfp, u32 *member)
{
	struct usm_tag *tag = new_tag(instance, task, mm, gfp);
	int err;

	if (!tag)
		return -ENOMEM;
	tag->inherit = inherit;
	err = add(tag, serving, parent, event, member);
	if (err)
		usm_tag_put(tag);
	return err;
}

struct usm_tag *usm_tag_of_member(struct usm_instance *instance, u32 member)
{
	struct usm_tag *tag, *found = NULL;

	spin_lock(&instance->lock);
	list_for_each_entry(tag, &instance->members, member_link) {
		if (tag->member == member) {
			found = tag;
			usm_tag_get(found);
			break;
		}
	}
	spin_unlock(&instance->lock);
	return found;
}

struct mm_struct *usm_tag_mm(struct usm_tag *tag)
{
	struct mm_struct *mm = NULL;
	struct usm_tag *each;

	/* Only while the tag is in the table is its mm certain to exist. */
	spin_lock(&table_lock);
	for (each = find_locked(tag->mm); each; each = each->previous)
		if (each == tag && mmget_not_zero(tag->mm))
			mm = tag->mm;
	spin_unlock(&table_lock);
	return mm;
}

int usm_tag_stop(struct usm_tag *tag)
{
	struct usm_instance *instance = tag->instance;
	int err = -ENOENT;

	spin_lock(&instance->lock);
	if (tag->serving) {
		WRITE_ONCE(tag->serving, false);
		list_del_init(&tag->member_link);
		instance->nr_members--;
		usm_event_emit(instance, USM_EVENT_UNBIND, tag, 0);
		err = 0;
	}
	spin_unlock(&instance->lock);
	if (!err)
		usm_grants_release(tag);
	return err;
}

static void hint(struct usm_tag *tag)
{
	struct usm_tag *each;

	usm_home_hint(tag->instance);
	if (!READ_ONCE(tag->previous))
		return;
	spin_lock(&table_lock);
	for (each = tag->previous; each; each = each->previous)
		usm_home_hint(each->instance);
	spin_unlock(&table_lock);
}

void usm_tag_exit(struct mm_struct *mm)
{
	struct usm_instance *instance;
	struct usm_tag *tag;

	spin_lock(&table_lock);
	tag = find_locked(mm);
	if (tag)
		remove(tag);
	spin_unlock(&table_lock);
	if (!tag)
		return;
	/* The caller still holds a count, so this is not the last. */
	mmdrop(mm);

	instance = tag->instance;
	spin_lock(&instance->lock);
	if (tag->serving) {
		WRITE_ONCE(tag->served_to_end, true);
		WRITE_ONCE(tag->serving, false);
		list_del_init(&tag->member_link);
		instance->nr_members--;
		usm_event_emit(instance, USM_EVENT_EXIT, tag, 0);
	}
	spin_unlock(&instance->lock);

	usm_grants_release(tag);
	hint(tag);
	usm_tag_put(tag);
}

void usm_tag_hint(struct mm_struct *mm)
{
	struct usm_tag *tag = usm_tag_find(mm);

	if (tag)
		hint(tag);
	usm_tag_put(tag);
	/* Others unmap in it only on our own behalf. */
	if (current->mm == mm)
		usm_places_hint(mm);
}

u32 usm_tag_frames(struct mm_struct *mm)
{
	struct usm_tag *tag;
	u32 frames = 0;

	if (!usm_tag_possible(mm))
		return 0;
	spin_lock(&table_lock);
	for (tag = find_locked(mm); tag; tag = tag->previous)
		frames += atomic_read(&tag->mapped);
	spin_unlock(&table_lock);
	return frames;
}

bool usm_tag_exists(struct mm_struct *mm)
{
	bool exists;

	spin_lock(&table_lock);
	exists = find_locked(mm) != NULL;
	spin_unlock(&table_lock);
	return exists;
}

/* The tag of @instance in the chain that begins with @tag. */
static struct usm_tag *of_instance(struct usm_tag *tag,
				   struct usm_instance *instance)
{
	while (tag && tag->instance != instance)
		tag = tag->previous;
	return tag;
}

struct usm_tag *usm_tag_of(struct mm_struct *mm, struct usm_instance *instance)
{
	struct usm_tag *tag;

	spin_lock(&table_lock);
	tag = of_instance(find_locked(mm), instance);
	if (tag)
		usm_tag_get(tag);
	spin_unlock(&table_lock);
	return tag;
}

/* The best in one bucket, if it is better than @best; takes references. */
static struct usm_tag *next_in(struct hlist_head *head,
			       struct usm_instance *instance, u32 after,
			       u32 below)
{
	struct usm_tag *each, *tag, *best = NULL;

	hlist_for_each_entry(each, head, node) {
		tag = of_instance(each, instance);
		if (!tag || tag->member <= after || tag->member >= below)
			continue;
		if (best && best->member <= tag->member)
			continue;
		/* An address space at its end gives everything up by itself. */
		if (!mmget_not_zero(tag->mm))
			continue;
		if (best)
			mmput_async(best->mm);
		best = tag;
	}
	if (best)
		usm_tag_get(best);
	return best;
}

struct usm_tag *usm_tag_next(struct usm_instance *instance, u32 after,
			     struct mm_struct **mm)
{
	struct usm_tag *tag, *best = NULL;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		spin_lock(&table_lock);
		tag = next_in(&table[i], instance, after,
			      best ? best->member : U32_MAX);
		spin_unlock(&table_lock);
		if (!tag)
			continue;
		if (best) {
			mmput(best->mm);
			usm_tag_put(best);
		}
		best = tag;
	}
	if (best)
		*mm = best->mm;
	return best;
}

void usm_tags_purge(struct usm_instance *instance)
{
	struct usm_tag *tag;
	struct hlist_node *next;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		spin_lock(&table_lock);
		hlist_for_each_entry_safe(tag, next, &table[i], node) {
			if (tag->instance != instance)
				continue;
			if (tag->previous) {
				/* Frames of an earlier instance are out. */
				hlist_replace_rcu(&tag->node,
						  &tag->previous->node);
				tag->previous = NULL;
			} else {
				remove(tag);
				mmdrop(tag->mm);
			}
			usm_tag_put(tag);
		}
		spin_unlock(&table_lock);
	}
}
