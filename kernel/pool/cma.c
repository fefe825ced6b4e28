// SPDX-License-Identifier: GPL-2.0
/*
 * Pool from the boot-time CMA area ("cma=" on the kernel's command line): the
 * run is there whenever the module is loaded.  Reached through the DMA API of
 * a platform device, the only exported way.
 */
#include <linux/cc_platform.h>
#include <linux/dma-mapping.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/vmstat.h>

#include "pool/pool.h"

#ifdef CONFIG_DMA_CMA

#define LARGEST_BLOCK_FRAMES (SZ_4M >> PAGE_SHIFT)

static struct platform_device *device;
static dma_addr_t handle;

static unsigned long free_cma_pages(void)
{
	return global_zone_page_state(NR_FREE_CMA_PAGES);
}

bool usm_pool_cma_available(void)
{
	/* There the DMA API hands out pages that the host can read. */
	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return false;
	return free_cma_pages() > 0;
}

static struct page *take(unsigned long frames)
{
	unsigned long before = free_cma_pages();
	struct page *first;
	int err;

	device = platform_device_register_simple("usm-pool",
						 PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device)) {
		pr_err("cannot register the pool's device (%ld)\n",
		       PTR_ERR(device));
		return ERR_CAST(device);
	}
	err = dma_coerce_mask_and_coherent(&device->dev, DMA_BIT_MASK(64));
	if (err)
		goto err_device;

	first = dma_alloc_pages(&device->dev, frames << PAGE_SHIFT, &handle,
				DMA_BIDIRECTIONAL, GFP_KERNEL | __GFP_NOWARN);
	if (!first) {
		pr_err("no contiguous run of %lu KiB in the CMA area (%lu KiB of it are free): boot with a larger cma=, or ask for less\n",
		       frames << (PAGE_SHIFT - 10),
		       before << (PAGE_SHIFT - 10));
		err = -ENOMEM;
		goto err_device;
	}
	/*
	 * The DMA layer may serve small requests from elsewhere, up to the page
	 * allocator's largest block.  Larger ones are not to be judged by the
	 * area's count: pages of an earlier pool that wait in the CPUs' lists
	 * are missing in it.
	 */
	if (frames <= LARGEST_BLOCK_FRAMES &&
	    before - free_cma_pages() < frames / 2) {
		pr_err("%lu KiB did not come out of the CMA area: ask for more than 4 MiB\n",
		       frames << (PAGE_SHIFT - 10));
		err = -ENOMEM;
		goto err_pages;
	}
	return first;

err_pages:
	dma_free_pages(&device->dev, frames << PAGE_SHIFT, first, handle,
		       DMA_BIDIRECTIONAL);
err_device:
	platform_device_unregister(device);
	return ERR_PTR(err);
}

static void give_back(struct page *first, unsigned long frames)
{
	dma_free_pages(&device->dev, frames << PAGE_SHIFT, first, handle,
		       DMA_BIDIRECTIONAL);
	platform_device_unregister(device);
}

#else /* !CONFIG_DMA_CMA */

bool usm_pool_cma_available(void)
{
	return false;
}

/* Never reached: the backend is chosen only where it is available. */
static struct page *take(unsigned long frames)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static void give_back(struct page *first, unsigned long frames)
{
}

#endif

const struct usm_pool_backend usm_pool_cma = {
	.name = "cma",
	.take = take,
	.give_back = give_back,
};
