/* SPDX-License-Identifier: MIT */
/*
 * zeroer.h - fills frames with zeroes through the mapped pool.
 *
 * Reads from /dev/zero into them: when a frame leaves the partition at that
 * moment, or the kernel takes it to move a page into it, that is EFAULT and not
 * a signal.
 */
#ifndef USM_INSTANCE_AHEAD_ZEROER_H
#define USM_INSTANCE_AHEAD_ZEROER_H

#include <stdint.h>

/* Frames zeroed between two looks for faults: some ten microseconds. */
#define USM_ZERO_SLICE 16U

struct usm_zeroer {
	int fd;
	char *pool; /* frame 0 of the pool */
};

/* Errors of opening /dev/zero. */
int usm_zeroer_open(struct usm_zeroer *zeroer, char *pool);
void usm_zeroer_close(struct usm_zeroer *zeroer);

/*
 * Zeroes frames, in order, up to USM_ZERO_SLICE of them.  Returns how many are
 * zero throughout now; the one after them could not be written to.
 */
uint32_t usm_zeroer_run(const struct usm_zeroer *zeroer, const uint32_t *frames,
			uint32_t nr);

#endif /* USM_INSTANCE_AHEAD_ZEROER_H */
