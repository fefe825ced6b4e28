// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "frames/frames.h"
#include "pool/pool.h"

/*
 * Frame numbers are 32 bits in the ABI, and the slice's mmap offsets end
 * where the doorbells' begin: 1 TiB of pool.
 */
#define POOL_BYTES_MAX (USM_MMAP_DOORBELL - USM_MMAP_SLICE)

struct usm_pool usm_pool;

static const struct usm_pool_backend *choose(const char *name)
{
	if (!strcmp(name, "auto"))
		return usm_pool_cma_available() ? &usm_pool_cma
						: &usm_pool_contig;
	if (!strcmp(name, "contig"))
		return &usm_pool_contig;
	if (!strcmp(name, "cma")) {
		if (usm_pool_cma_available())
			return &usm_pool_cma;
		pr_err("backend=cma: this kernel has no CMA area to use (needs CONFIG_DMA_CMA, cma= at boot, and memory that is not encrypted)\n");
		return NULL;
	}
	pr_err("backend=%s: must be auto, cma or contig\n", name);
	return NULL;
}

int usm_pool_init(const char *size, const char *backend)
{
	unsigned long long bytes;
	char *end;
	int err;

	if (!*size) {
		pr_err("pool= is missing: how much memory to reserve, such as pool=256M\n");
		return -EINVAL;
	}
	bytes = memparse(size, &end);
	if (*end || end == size || bytes < PAGE_SIZE ||
	    bytes > POOL_BYTES_MAX || !PAGE_ALIGNED(bytes)) {
		pr_err("pool=%s: must be a size like 256M or 1G, a multiple of the page size, up to 1T\n",
		       size);
		return -EINVAL;
	}

	if (bytes >> PAGE_SHIFT >= totalram_pages()) {
		pr_err("pool of %llu KiB: this machine has %lu KiB\n",
		       bytes >> 10, totalram_pages() << (PAGE_SHIFT - 10));
		return -ENOMEM;
	}
	usm_pool.backend = choose(backend);
	if (!usm_pool.backend)
		return -EINVAL;

	err = usm_frames_init(bytes >> PAGE_SHIFT);
	if (err)
		goto err_memory;
	usm_pool.used = kvcalloc(BITS_TO_LONGS(bytes >> PAGE_SHIFT),
				 sizeof(long), GFP_KERNEL);
	if (!usm_pool.used) {
		err = -ENOMEM;
		usm_frames_exit();
		goto err_memory;
	}

	usm_pool.first = usm_pool.backend->take(bytes >> PAGE_SHIFT);
	if (IS_ERR(usm_pool.first)) {
		err = PTR_ERR(usm_pool.first);
		goto err_used;
	}

	usm_pool.base_pfn = page_to_pfn(usm_pool.first);
	usm_pool.free = bytes >> PAGE_SHIFT;
	usm_pool.frames = bytes >> PAGE_SHIFT;
	pr_info("pool of %llu KiB (%u frames from pfn %#lx), backend %s\n",
		bytes >> 10, usm_pool.frames, usm_pool.base_pfn,
		usm_pool.backend->name);
	return 0;

err_used:
	kvfree(usm_pool.used);
	usm_frames_exit();
	return err;
err_memory:
	pr_err("no memory for the tables of a pool of %llu KiB\n", bytes >> 10);
	return err;
}

/* Flags and mappings that a frame still carries would upset the page's next owner. */
static void check_home(void)
{
	u32 i;

	for (i = 0; i < usm_pool.frames; i++)
		WARN_ONCE(page_ref_count(usm_pool_page(i)) != 1,
			  "usm: frame %u goes back with %d references\n", i,
			  page_ref_count(usm_pool_page(i)));
}

/*
 * The kernel's own reference on bad memory goes as well, or freeing a run with
 * such a page in it would be a WARNING; being bad keeps the page from use.
 */
static void let_go_of_bad(void)
{
	u32 i;

	for (i = 0; i < usm_pool.frames; i++)
		if (PageHWPoison(usm_pool_page(i)) &&
		    page_ref_count(usm_pool_page(i)) == 2)
			page_ref_dec(usm_pool_page(i));
}

void usm_pool_exit(void)
{
	u32 frames = usm_pool.frames;

	let_go_of_bad();
	check_home();
	usm_pool.frames = 0;
	usm_pool.backend->give_back(usm_pool.first, frames);
	kvfree(usm_pool.used);
	usm_frames_exit();
}
