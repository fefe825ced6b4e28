/* SPDX-License-Identifier: MIT */
/*
 * fold.h - makes a trace out of every load and store of a program.
 *
 * Two things are left out.  Pages nobody has written yet: they are files or the
 * kernel's page of zeroes, and no instance serves those.  And what comes too
 * soon after the same page to tell anybody anything: a page that begins to be
 * used is noted again only after a pause of 4 other notes, then of 16, then of
 * 64, at most of `window`, until it has not been noted for two windows.  A page
 * in constant use is thus noted over and over, as its accessed bit would be
 * found set over and over, and one that is used again at once shows that at
 * once, while hits in any memory larger than the window take little room.
 *
 * (To drop references that every memory of interest hits is an old idea: A. J.
 * Smith, "Two Methods for the Efficient Analysis of Memory Address Trace Data",
 * 1977; S. Kaplan, Y. Smaragdakis, P. Wilson, "Trace Reduction for Virtual
 * Memory Simulations", SIGMETRICS 1999.  That the pauses grow is for policies
 * that ask whether a new page is used again soon; one fixed pause hides it.)
 *
 * One thread at a time.
 */
#ifndef USM_INSTANCE_REPLAY_FOLD_H
#define USM_INSTANCE_REPLAY_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/replay/trace.h"

struct usm_fold;

/* *out belongs to the caller.  EINVAL: no window; ENOMEM. */
int usm_fold_create(uint32_t window, struct usm_fold **out);

/* Frees it; NULL is fine. */
void usm_fold_destroy(struct usm_fold *fold);

/*
 * Address/page size of one access.  Cheap: a look into a hash table.  ENOMEM
 * and E2BIG (more than a trace may have) leave it as it was.
 */
int usm_fold_access(struct usm_fold *fold, uint64_t page, bool store);

/* Everything so far as the trace of one member; the caller finishes it. */
int usm_fold_trace(const struct usm_fold *fold, uint32_t page_bytes,
		   struct usm_trace *out);

#endif /* USM_INSTANCE_REPLAY_FOLD_H */
