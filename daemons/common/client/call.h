/* SPDX-License-Identifier: MIT */
/*
 * call.h - one ioctl of the device; for the files beside it.
 */
#ifndef USM_COMMON_CLIENT_CALL_H
#define USM_COMMON_CLIENT_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "usm.h"

/* 0 or -errno. */
int usm_client_call(int fd, unsigned long request, void *arg);

/* What the ABI has for a pointer. */
static inline uint64_t usm_call_ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* Of so many that are left, those that one call takes. */
static inline uint32_t usm_call_batch(uint32_t left)
{
	return left < USM_BATCH_MAX ? left : USM_BATCH_MAX;
}

/*
 * The requests that have nothing but entries (struct usm_map and those like
 * it), any number of entries of `size` bytes.  *done (may be NULL): those that
 * were taken; untouched when a call fails, although earlier ones were made.
 */
int usm_call_entries(int fd, unsigned long request, void *entries, size_t size,
		     uint32_t nr, uint32_t *done);

#endif /* USM_COMMON_CLIENT_CALL_H */
