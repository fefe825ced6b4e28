/* SPDX-License-Identifier: MIT */
/*
 * mappings.h - channel, doorbells and frames in memory.
 *
 * Returns, outputs and threads: as client.h says.
 */
#ifndef USM_COMMON_CLIENT_MAPPINGS_H
#define USM_COMMON_CLIENT_MAPPINGS_H

#include <stddef.h>
#include <stdint.h>

#include "usm.h"

/* Maps the claimed channel; undo with usm_client_unmap(*out, bytes). */
int usm_client_map_channel(int fd, uint64_t bytes, struct usm_channel **out);

/*
 * Maps frames [first, first + frames) of the pool; nothing is populated, and
 * frames of others raise SIGBUS.  Undo with usm_client_unmap(*out,
 * frames << USM_FRAME_SHIFT).
 */
int usm_client_map_slice(int fd, uint32_t first, uint32_t frames, void **out);

/*
 * Maps the first page of an instance's channel, for the waker.  Undo with
 * usm_client_unmap(*out, USM_FRAME_BYTES).
 */
int usm_client_map_doorbell(int fd, uint32_t instance,
			    struct usm_channel **out);

/* Unmaps; NULL is fine. */
void usm_client_unmap(void *p, size_t bytes);

#endif /* USM_COMMON_CLIENT_MAPPINGS_H */
