/* SPDX-License-Identifier: MIT */
/*
 * reserve.h - the last frames, which only evicted pages may come back into.
 *
 * A page that comes back takes a frame and leaves its slot of the swap device,
 * into which another page can go: free frames and free slots together stay as
 * many as they were.  A fresh page takes one of them for good.  When the last
 * is gone a page that is out can come back by no way at all, and nobody else
 * can serve it.  So fresh pages leave a few, and are the kernel's before that.
 * Pure decisions.
 */
#ifndef USM_INSTANCE_EVICT_RESERVE_H
#define USM_INSTANCE_EVICT_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One would do if every page could be evicted and packed as well as the one
 * before; 32 KiB are for those that cannot.
 */
#define USM_RESERVE_FRAMES 8U

/* Of a small partition an eighth. */
static inline uint32_t usm_reserve_of(uint32_t frames)
{
	uint32_t part = frames / USM_RESERVE_FRAMES;

	return part < USM_RESERVE_FRAMES ? part : USM_RESERVE_FRAMES;
}

/*
 * So many free frames fresh pages have to leave, with so many slots of the
 * device unused.  refuses: the device may have no room for a page although
 * there are slots; then slots are no reserve.
 */
static inline uint32_t usm_reserve_keep(uint32_t reserve, uint32_t unused_slots,
					bool refuses)
{
	if (refuses)
		return reserve;
	return unused_slots < reserve ? reserve - unused_slots : 0;
}

#endif /* USM_INSTANCE_EVICT_RESERVE_H */
