// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/random.h>
#include <linux/swap.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/vmstat.h>

#include "compat/compat.h"
#include "frames/frames.h"
#include "frames/home.h"
#include "frames/large.h"
#include "pool/pool.h"
#include "tags/tags.h"
#include "usm_module.h"

/*
 * A hint comes while the kernel still holds references (before the TLB flush
 * of the same operation), so a scan waits a moment.
 */
#define HOME_DELAY_MS 1
/*
 * Frames that nobody maps and somebody still references (pinned for DMA, in a
 * pipe) give no further hint: look again, ever more rarely.
 */
#define HOME_DELAY_MAX_MS 1000
/* Scans take at most one part in this many of a processor's time. */
#define SCAN_SHARE 16
/* Frames looked at under one hold of the lock: some ten microseconds. */
#define SCAN_CHUNK 256

/* Large pages taken apart after one scan, because parts of them are free. */
#define SPLITS_PER_SCAN 16

/* What a scan saw that is not home. */
struct findings {
	unsigned int limbo; /* frames that nobody maps and somebody holds */
	unsigned int partials; /* large pages that are mapped in part */
	u32 partial[SPLITS_PER_SCAN];
};

/*
 * What freeing and allocating it anew would have reset.  The page keeps its
 * zone and node bits, and its record of being bad memory.
 */
void usm_frame_renew(struct page *page)
{
	if (folio_test_clear_mlocked(page_folio(page)))
		mod_zone_page_state(page_zone(page), NR_MLOCK, -1);
	set_mask_bits(&page->flags, PAGE_FLAGS_CHECK_AT_PREP, 0);
	page->mapping = NULL;
	page->index = 0;
	set_page_private(page, 0);
}

/*
 * For bad memory the kernel keeps a reference of its own for good, when it
 * heard of it through a mapping (MADV_HWPOISON).
 */
static bool at_home(struct page *page)
{
	int refs = page_ref_count(page);

	return refs == 1 ||
	       (refs == 2 && PageHWPoison(page) && !usm_page_mapped(page));
}

static void remember_partial(struct findings *found, u32 index)
{
	u32 place = found->partials++;

	/* Of more than fit any, so that pinned ones are in nobody's way. */
	if (place >= SPLITS_PER_SCAN)
		place = get_random_u32() % found->partials;
	if (place < SPLITS_PER_SCAN)
		found->partial[place] = index;
}

/* Nobody but us has a reference to it any more; the lock is held. */
static void bring_home(struct usm_instance *instance, u32 index)
{
	struct usm_frame *frame = usm_frame(index);
	struct page *page = usm_pool_page(index);
	struct usm_tag *tag = frame->tag;

	frame->tag = NULL;
	frame->order = 0;
	frame->partial = 0;
	if (WARN_ONCE(atomic_read(&page->_mapcount) >= 0 || PageLRU(page) ||
			      folio_test_swapcache(page_folio(page)),
		      "usm: frame %u is home and still in use\n", index) ||
	    PageHWPoison(page)) {
		usm_frame_set_state(instance, frame, USM_FRAME_QUARANTINED);
	} else {
		usm_frame_renew(page);
		usm_frame_push_home(instance, index);
	}
	if (tag)
		atomic_dec(&tag->mapped);
	usm_tag_put(tag);
}

/* How many frames came home with this one; the lock is held. */
static unsigned int look(struct usm_instance *instance, u32 index,
			 struct findings *found)
{
	struct usm_frame *frame = usm_frame(index);
	struct page *page = usm_pool_page(index);
	u32 count = 1U << frame->order;
	u32 i;

	if (frame->owner != instance->id || frame->state != USM_FRAME_MAPPED)
		return 0;
	/* The first frame of a run has the references of all. */
	if (frame->order &&
	    (!usm_large_is_head(index, frame->order) || frame->splitting))
		return 0;
	if (!at_home(page)) {
		if (!usm_page_mapped(page))
			found->limbo++;
		else if (READ_ONCE(frame->partial))
			remember_partial(found, index);
		return 0;
	}

	/* Pairs with the full barrier in the kernel's dropping of its ref. */
	smp_rmb();
	if (frame->order && !usm_large_take_apart(page, frame->order)) {
		found->limbo++;
		return 0;
	}
	for (i = 0; i < count; i++)
		bring_home(instance, index + i);
	return count;
}

static unsigned int look_at_all(struct usm_instance *instance,
				struct findings *found)
{
	struct usm_extent run;
	unsigned int home = 0;
	u32 next = 0, end;
	bool more;

	memset(found, 0, sizeof(*found));
	do {
		/* Found anew each time: the partition may change meanwhile. */
		spin_lock(&instance->lock);
		more = instance->frames[USM_FRAME_MAPPED] > 0 &&
		       usm_partition_next(instance, next, &run);
		if (more) {
			end = run.first + min_t(u32, run.frames, SCAN_CHUNK);
			for (next = run.first; next < end; next++)
				home += look(instance, next, found);
		}
		spin_unlock(&instance->lock);
		cond_resched();
	} while (more);

	if (home) {
		atomic64_add(home, &instance->freed);
		wake_up_interruptible(&instance->home_wait);
	}
	return home;
}

/*
 * Returns how many frames came home; *limbo says that others will, without a
 * further hint.
 */
static unsigned int scan(struct usm_instance *instance, bool *limbo)
{
	struct findings found;
	unsigned int home = look_at_all(instance, &found);
	u32 i;

	*limbo = found.limbo || found.partials;
	/* What is mapped in part comes home in part, made of small pages. */
	for (i = 0; i < min_t(u32, found.partials, SPLITS_PER_SCAN); i++)
		usm_large_split(instance, found.partial[i]);
	return home;
}

/* Look again in a while; a hint still comes first. */
static void relax(struct usm_instance *instance)
{
	WRITE_ONCE(instance->home_delay_ms, HOME_DELAY_MAX_MS);
	queue_delayed_work(usm_wq, &instance->home_work,
			   msecs_to_jiffies(HOME_DELAY_MAX_MS));
}

static void home_work(struct work_struct *work)
{
	struct usm_instance *instance = container_of(
		to_delayed_work(work), struct usm_instance, home_work);
	u64 start = ktime_get_ns();
	bool limbo;
	bool found = scan(instance, &limbo);

	/* Time it was preempted counts too; hence the upper limit. */
	WRITE_ONCE(
		instance->home_pause_ms,
		clamp_t(u64,
			(ktime_get_ns() - start) * SCAN_SHARE / NSEC_PER_MSEC,
			HOME_DELAY_MS, HOME_DELAY_MAX_MS));
	if (found)
		instance->home_delay_ms = HOME_DELAY_MS;
	else
		instance->home_delay_ms = min(instance->home_delay_ms * 2,
					      HOME_DELAY_MAX_MS + 0u);
	if (limbo)
		queue_delayed_work(
			usm_wq, &instance->home_work,
			msecs_to_jiffies(max(instance->home_delay_ms,
					     instance->home_pause_ms)));
	else if (!usm_instance_attached(instance) &&
		 instance->frames[USM_FRAME_MAPPED])
		/* No daemon that would ask for a scan, should a hint miss. */
		relax(instance);
	else
		instance->home_delay_ms = HOME_DELAY_MS;

	if (READ_ONCE(instance->state) == USM_INSTANCE_DYING)
		usm_instance_maybe_end(instance);
}

void usm_home_init(struct usm_instance *instance)
{
	INIT_DELAYED_WORK(&instance->home_work, home_work);
	instance->home_delay_ms = HOME_DELAY_MS;
	instance->home_pause_ms = HOME_DELAY_MS;
}

void usm_home_hint(struct usm_instance *instance)
{
	unsigned long pause =
		msecs_to_jiffies(READ_ONCE(instance->home_pause_ms));

	/* Sooner than a look at pinned frames that may be a second away. */
	if (READ_ONCE(instance->home_delay_ms) > HOME_DELAY_MS) {
		WRITE_ONCE(instance->home_delay_ms, HOME_DELAY_MS);
		mod_delayed_work(usm_wq, &instance->home_work, pause);
		return;
	}
	queue_delayed_work(usm_wq, &instance->home_work, pause);
}

unsigned int usm_home_scan(struct usm_instance *instance)
{
	bool limbo;
	unsigned int home = scan(instance, &limbo);

	if (limbo)
		usm_home_hint(instance);
	return home;
}
