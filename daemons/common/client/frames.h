/* SPDX-License-Identifier: MIT */
/*
 * frames.h - answers with frames, gives them ahead, and says what they are.
 *
 * Returns, outputs and threads: as client.h says.
 */
#ifndef USM_COMMON_CLIENT_FRAMES_H
#define USM_COMMON_CLIENT_FRAMES_H

#include <stdint.h>

#include "usm.h"

/*
 * Answers nr upcalls, any number; each entry's .result says how it went.
 * done (may be NULL): entries that were taken.
 */
int usm_client_map(int fd, struct usm_map_entry *entries, uint32_t nr,
		   uint32_t *done);

/*
 * Puts FREE frames into the magazine of .member, any number; .ptr and .nr are
 * filled in here, .done and .error written back.  .flags, .low as in usm.h.
 */
int usm_client_push(int fd, const uint32_t *frames, uint32_t nr,
		    struct usm_push *push);

/*
 * Grants ranges, any number; each entry's .result says how it went.  done (may
 * be NULL): entries that were taken.
 */
int usm_client_grant(int fd, struct usm_grant_entry *entries, uint32_t nr,
		     uint32_t *done);

/* Makes frames FREE, evicted ones and unused grants; as usm_client_grant(). */
int usm_client_free(int fd, struct usm_free_entry *entries, uint32_t nr,
		    uint32_t *done);

/* Moves pages between frames; each entry's .result. *done may be NULL. */
int usm_client_move(int fd, struct usm_move_entry *entries, uint32_t nr,
		    uint32_t *done);

/* Has the kernel look for frames that came home; home (may be NULL): how many. */
int usm_client_scan(int fd, uint32_t *home);

/*
 * States of pool frames from `first` on.  *nr: room in, filled out (0 past the
 * end of the pool).
 */
int usm_client_frames(int fd, uint32_t first, struct usm_frame_info *out,
		      uint32_t *nr);

#endif /* USM_COMMON_CLIENT_FRAMES_H */
