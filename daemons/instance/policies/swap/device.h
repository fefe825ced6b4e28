/* SPDX-License-Identifier: MIT */
/*
 * device.h - a swap device: where evicted pages are kept, slot by slot.
 *
 * Slot 0 is the device's own; pages go to [1, nr_slots).  Which slots are in
 * use is not the device's business (swap/map.h).  Content must outlive a
 * killed daemon: the next one finds the slots by the kernel's cookies.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_DEVICE_H
#define USM_INSTANCE_POLICIES_SWAP_DEVICE_H

#include <stdint.h>
#include <sys/uio.h>

struct usm_swap_device {
	void *ctx;
	uint32_t nr_slots;

	/*
	 * Stores nr pages in slots [slot, slot + nr); on return they outlive
	 * this process.  pages may be used up.  -ENOSPC, -EIO, …: any of them
	 * may hold anything then.
	 */
	int (*store)(void *ctx, uint32_t slot, struct iovec *pages,
		     uint32_t nr);

	/* Reads a slot.  -EFAULT: `page` cannot be written. */
	int (*load)(void *ctx, uint32_t slot, void *page);

	/* Lets go of everything; the content stays. */
	void (*close)(void *ctx);
};

/* Closes it and forgets it; a zeroed struct is fine. */
static inline void usm_swap_device_close(struct usm_swap_device *device)
{
	if (device->close)
		device->close(device->ctx);
	*device = (struct usm_swap_device){ 0 };
}

#endif /* USM_INSTANCE_POLICIES_SWAP_DEVICE_H */
