/* SPDX-License-Identifier: MIT */
/*
 * evict.h - takes pages out of frames and puts them back.
 *
 * Returns, outputs and threads: as client.h says.
 */
#ifndef USM_COMMON_CLIENT_EVICT_H
#define USM_COMMON_CLIENT_EVICT_H

#include <stdint.h>

#include "usm.h"

/*
 * Evicts pages, brings them back; any number, each entry's .result says how it
 * went.  done (may be NULL): entries that were taken.
 */
int usm_client_evict(int fd, struct usm_evict_entry *entries, uint32_t nr,
		     uint32_t *done);
int usm_client_swapin(int fd, struct usm_swapin_entry *entries, uint32_t nr,
		      uint32_t *done);

/*
 * One word (USM_PAGE_*) for each of nr pages, any number, of a member from addr
 * on.  flags: USM_PAGES_CLEAR_*.  EAGAIN: its address space is busy.
 */
int usm_client_pages(int fd, uint32_t member, uint64_t addr, uint32_t nr,
		     uint32_t flags, uint64_t *words);

/*
 * Evicted pages with a number above `after`, by number.  *nr: room in, filled
 * out; 0 out: no more.  Go on with after = out[*nr - 1].id.
 */
int usm_client_evicted(int fd, uint64_t after, struct usm_evicted_info *out,
		       uint32_t *nr);

#endif /* USM_COMMON_CLIENT_EVICT_H */
