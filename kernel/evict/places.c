// SPDX-License-Identifier: GPL-2.0
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "evict/places.h"
#include "evict/record.h"
#include "ptes/ptes.h"
#include "tags/tags.h"
#include "usm_module.h"

/*
 * A hint comes before its unmapping is done, and in bursts: look a little
 * later, and at most one part in LOOK_SHARE of the time.
 */
#define LOOK_DELAY_MS 5
#define LOOK_DELAY_MAX_MS 1000
#define LOOK_SHARE 16
/* Markers looked at under one hold of the address space's lock. */
#define LOOK_CHUNK 1024

#define PLACES_BITS 8

struct places {
	struct hlist_node node; /* by mm, RCU */
	struct mm_struct *mm; /* key, with mm_count */
	struct xarray records; /* by page number */
	atomic_t count;
	/* The table's, and one of each user at work; they keep the module. */
	atomic_t ref;
	struct delayed_work look;
	u32 look_delay_ms; /* until the next look after a hint */
	struct rcu_head rcu;
};

static struct hlist_head table[1 << PLACES_BITS];
static DEFINE_SPINLOCK(table_lock);

static __always_inline u32 bucket(const struct mm_struct *mm)
{
	return hash_ptr((void *)mm, PLACES_BITS);
}

static __always_inline struct places *look_up(const struct mm_struct *mm)
{
	struct places *places;

	hlist_for_each_entry_rcu(places, &table[bucket(mm)], node)
		if (places->mm == mm)
			return places;
	return NULL;
}

bool notrace usm_places_known(const struct mm_struct *mm)
{
	bool known;

	rcu_read_lock();
	known = look_up(mm) != NULL;
	rcu_read_unlock();
	return known;
}

static struct places *get(const struct mm_struct *mm)
{
	struct places *places;

	rcu_read_lock();
	places = look_up(mm);
	if (places && !atomic_inc_not_zero(&places->ref))
		places = NULL;
	rcu_read_unlock();
	return places;
}

static void put(struct places *places)
{
	if (!places || !atomic_dec_and_test(&places->ref))
		return;
	xa_destroy(&places->records);
	mmdrop(places->mm);
	kfree_rcu(places, rcu);
	module_put(THIS_MODULE);
}

u32 usm_places_count(const struct mm_struct *mm)
{
	struct places *places = get(mm);
	u32 count = places ? atomic_read(&places->count) : 0;

	put(places);
	return count;
}

/* ---- looking for markers that went -------------------------------------------- */

/* The place is given up, unless somebody else did already. */
static void remove(struct places *places, unsigned long page,
		   struct usm_record *record)
{
	if (xa_cmpxchg(&places->records, page, record, NULL, GFP_KERNEL) !=
	    record)
		return;
	atomic_dec(&places->count);
	usm_record_drop_place(record);
}

/* With the address space's lock held: nothing moves or is forked meanwhile. */
static unsigned long look_chunk(struct places *places, unsigned long page)
{
	struct usm_record *record;
	unsigned long index = page;
	int left = LOOK_CHUNK;
	pte_t entry;
	bool gone;

	for (; left > 0; left--, index++) {
		/* A swap-in may end it now: faults go on under our lock. */
		rcu_read_lock();
		record = xa_find(&places->records, &index, ULONG_MAX,
				 XA_PRESENT);
		if (!record) {
			rcu_read_unlock();
			return ULONG_MAX;
		}
		entry = usm_pte_read(places->mm, index << PAGE_SHIFT);
		gone = usm_marker_id(entry) != record->id;
		rcu_read_unlock();
		if (gone)
			remove(places, index, record);
	}
	return index;
}

static void look(struct work_struct *work)
{
	struct places *places =
		container_of(to_delayed_work(work), struct places, look);
	struct mm_struct *mm = places->mm;
	ktime_t start = ktime_get();
	unsigned long page = 0;
	s64 rest;

	if (mmget_not_zero(mm)) {
		while (page != ULONG_MAX) {
			mmap_read_lock(mm);
			page = look_chunk(places, page);
			mmap_read_unlock(mm);
			cond_resched();
		}
		mmput_async(mm);
	}
	rest = ktime_ms_delta(ktime_get(), start) * LOOK_SHARE;
	WRITE_ONCE(places->look_delay_ms,
		   clamp_t(s64, rest, LOOK_DELAY_MS, LOOK_DELAY_MAX_MS));
	put(places);
}

void usm_places_hint(struct mm_struct *mm)
{
	struct places *places = get(mm);

	/* The work has the reference; one that is queued already has its own. */
	if (places && !queue_delayed_work(usm_wq, &places->look,
					  msecs_to_jiffies(READ_ONCE(
						  places->look_delay_ms))))
		put(places);
}

/* ---- the table ------------------------------------------------------------------ */

/* The caller's address space is alive and its lock held, so it is unique. */
static struct places *get_or_make(struct mm_struct *mm)
{
	struct places *places = get(mm);

	if (places)
		return places;
	if (!try_module_get(THIS_MODULE))
		return NULL;
	places = kzalloc(sizeof(*places), GFP_KERNEL_ACCOUNT);
	if (!places) {
		module_put(THIS_MODULE);
		return NULL;
	}
	places->mm = mm;
	xa_init(&places->records);
	places->look_delay_ms = LOOK_DELAY_MS;
	INIT_DELAYED_WORK(&places->look, look);
	atomic_set(&places->ref, 2);
	mmgrab(mm);
	usm_tag_filter_add(mm);
	spin_lock(&table_lock);
	hlist_add_head_rcu(&places->node, &table[bucket(mm)]);
	spin_unlock(&table_lock);
	return places;
}

static int store(struct places *places, unsigned long page,
		 struct usm_record *record, gfp_t gfp)
{
	struct usm_record *stale;

	stale = xa_store(&places->records, page, record, gfp);
	if (xa_is_err(stale))
		return xa_err(stale);
	/* Dropped by the kernel, and nobody had looked yet. */
	if (stale)
		usm_record_drop_place(stale);
	else
		atomic_inc(&places->count);
	return 0;
}

int usm_places_add(struct mm_struct *mm, unsigned long addr,
		   struct usm_record *record)
{
	struct places *places = get_or_make(mm);
	int err;

	if (!places)
		return -ENOMEM;
	err = store(places, addr >> PAGE_SHIFT, record, GFP_KERNEL);
	put(places);
	return err;
}

void usm_places_remove(struct mm_struct *mm, unsigned long addr,
		       struct usm_record *record)
{
	struct places *places = get(mm);

	if (places)
		remove(places, addr >> PAGE_SHIFT, record);
	put(places);
}

void usm_places_exit(struct mm_struct *mm)
{
	struct places *places;
	struct usm_record *record;
	unsigned long page;

	spin_lock(&table_lock);
	places = look_up(mm);
	if (places)
		hlist_del_rcu(&places->node);
	spin_unlock(&table_lock);
	if (!places)
		return;
	usm_tag_filter_remove(mm);

	xa_for_each(&places->records, page, record)
		remove(places, page, record);
	if (cancel_delayed_work(&places->look))
		put(places);
	put(places);
}

/* ---- fork and mremap --------------------------------------------------------------- */

/*
 * The kernel copies the poison of a marker and not always its number.  Both
 * address spaces are locked for writing, and the child does not run yet.
 */
static int fork_one(struct places *child, struct mm_struct *mm,
		    unsigned long page, struct usm_record *record)
{
	unsigned long addr = page << PAGE_SHIFT;
	pte_t entry = usm_pte_read(mm, addr);
	int err;

	if (usm_marker_id(entry) != record->id && !usm_marker_bare(entry))
		return 0;
	usm_record_add_place(record);
	err = store(child, page, record, GFP_KERNEL);
	if (err) {
		usm_record_drop_place(record);
		return err;
	}
	if (usm_marker_bare(entry))
		err = usm_pte_change(mm, addr, entry, usm_marker(record->id));
	return err;
}

int usm_places_fork(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	struct places *parent = get(src->vm_mm);
	unsigned long last = (src->vm_end - 1) >> PAGE_SHIFT;
	unsigned long page = src->vm_start >> PAGE_SHIFT;
	struct places *child = NULL;
	struct usm_record *record;
	int err = 0;

	if (!parent)
		return 0;
	while (!err && (record = xa_find(&parent->records, &page, last,
					 XA_PRESENT)) != NULL) {
		/* Not a stale one: that may end at any time. */
		if (usm_marker_id(usm_pte_read(
			    src->vm_mm, page << PAGE_SHIFT)) == record->id) {
			child = child ?: get_or_make(dst->vm_mm);
			err = child ? fork_one(child, dst->vm_mm, page, record)
				    : -ENOMEM;
		}
		page++;
		cond_resched();
	}
	put(child);
	put(parent);
	return err;
}

static void move_one(struct places *places, unsigned long from,
		     unsigned long to, struct usm_record *record)
{
	/* Holds the place while it is in neither. */
	usm_record_add_place(record);
	remove(places, from, record);
	/* The move has happened: this is too late to fail. */
	store(places, to, record, GFP_KERNEL | __GFP_NOFAIL);
}

void usm_places_move(struct mm_struct *mm, unsigned long from, unsigned long to,
		     unsigned long length)
{
	struct places *places = get(mm);
	unsigned long page = from >> PAGE_SHIFT;
	unsigned long last = (from + length - 1) >> PAGE_SHIFT;
	long by = (long)(to - from) >> PAGE_SHIFT;
	struct usm_record *record;

	if (!places || length == 0) {
		put(places);
		return;
	}
	while ((record = xa_find(&places->records, &page, last, XA_PRESENT)) !=
	       NULL) {
		if (usm_marker_id(usm_pte_read(
			    mm, (page + by) << PAGE_SHIFT)) == record->id)
			move_one(places, page, page + by, record);
		page++;
	}
	put(places);
}
