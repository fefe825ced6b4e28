/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pool: one physically contiguous run of pages, taken at load from the
 * boot-time CMA area or from the buddy allocator, returned at unload.
 */
#ifndef USM_POOL_H
#define USM_POOL_H

#include <linux/mm.h>

#include "pool/runs.h"

struct usm_instance;

/*
 * Where the run comes from.  take() returns the first page of @frames
 * contiguous pages, each with a reference count of one, or an ERR_PTR having
 * logged why; it sleeps.
 */
struct usm_pool_backend {
	const char *name;
	struct page *(*take)(unsigned long frames);
	void (*give_back)(struct page *first, unsigned long frames);
};

extern const struct usm_pool_backend usm_pool_cma;
extern const struct usm_pool_backend usm_pool_contig;
/* Does this kernel have a CMA area to take from? */
bool usm_pool_cma_available(void);

struct usm_pool {
	const struct usm_pool_backend *backend;
	struct page *first;
	unsigned long base_pfn;
	u32 frames;
	u32 free; /* in no partition, under the instances' mutex */
	u32 starting; /* carved for instances still being made, likewise */
	unsigned long *used; /* one bit a frame, under the same mutex */
};

extern struct usm_pool usm_pool;

/*
 * usm_pool_init() - parse the module's parameters and take the pool.
 * @size: "256M" and the like, at least one page
 * @backend: "auto", "cma" or "contig"
 * Logs the reason and leaves nothing behind on failure.
 */
int usm_pool_init(const char *size, const char *backend);
void usm_pool_exit(void);

static inline u32 usm_pool_frames(void)
{
	return usm_pool.frames;
}

static inline struct page *usm_pool_page(u32 frame)
{
	return pfn_to_page(usm_pool.base_pfn + frame);
}

static __always_inline bool usm_pool_contains(const struct page *page)
{
	return page_to_pfn(page) - usm_pool.base_pfn < usm_pool.frames;
}

/* ---- partition.c: which frames an instance owns -------------------------- */

/*
 * usm_partition_carve() - reserve @frames frames of the pool: one run where it
 * has one, else as many as @runs, empty so far, has room for.
 * The caller holds usm_instances_lock.  Returns -ENOSPC with *left = frames
 * that are in no partition; nothing is reserved then.
 */
int usm_partition_carve(struct usm_runs *runs, u32 frames, u32 *left);
/* Reserve up to @frames frames from @after on, as far as they are to be had. */
void usm_partition_carve_next(struct usm_runs *runs, u32 after, u32 frames);
/* Undo carve before anything was assigned. */
void usm_partition_uncarve(struct usm_runs *runs);
/* Scrub what was carved; give it to @instance. Both sleep. */
void usm_partition_scrub(const struct usm_runs *runs);
void usm_partition_assign(struct usm_instance *instance,
			  const struct usm_runs *runs);
/* Everything is home: back to the pool. Holds usm_instances_lock. */
void usm_partition_give_back(struct usm_instance *instance);
/*
 * usm_partition_next() - the next run at or above @from in which the instance
 * has frames, leaving ones too; it may hold others' frames beside them.
 * The caller holds usm_instances_lock or instance->lock.
 */
bool usm_partition_next(const struct usm_instance *instance, u32 from,
			struct usm_extent *out);

#endif /* USM_POOL_H */
