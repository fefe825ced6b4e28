/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pool: one physically contiguous run of pages, taken at load from the
 * boot-time CMA area or from the buddy allocator, returned at unload.
 */
#ifndef USM_POOL_H
#define USM_POOL_H

#include <linux/mm.h>

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
 * usm_partition_carve() - reserve @frames frames for a new instance: one run
 * where the pool has one, else up to USM_EXTENTS_MAX runs.
 * The caller holds usm_instances_lock.  Returns -ENOSPC with *left = frames
 * that could have been had; nothing is reserved then.
 */
int usm_partition_carve(struct usm_instance *instance, u32 frames, u32 *left);
/* Undo carve before anything was handed over. */
void usm_partition_uncarve(struct usm_instance *instance);
/* Scrub and hand over what was carved. Sleeps. */
void usm_partition_hand_over(struct usm_instance *instance);
/* Everything is home: back to the pool. Holds usm_instances_lock. */
void usm_partition_give_back(struct usm_instance *instance);

#endif /* USM_POOL_H */
