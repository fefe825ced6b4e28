/* SPDX-License-Identifier: MIT */
#include "instance/replay/optimum.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "instance/arena/bitmap.h"

/*
 * Every access is the next use of one page at most, so the pages in memory are
 * a set of positions in the trace.  The bitmap finds its lowest member, and the
 * one to go is used last: positions are counted from the end, from 1.  A page
 * that is not used again goes at once: it never gets a position.
 */
static uint32_t from_end(const struct usm_trace *trace, uint32_t at)
{
	return trace->nr_accesses - at;
}

/* next[i]: the position from the end of the next access to that page; 0: none. */
static int link_uses(const struct usm_trace *trace, uint32_t *next)
{
	usm_auto_free uint32_t *later = calloc(trace->nr_pages, sizeof(*later));
	uint32_t i;

	if (!later)
		return -ENOMEM;
	for (i = trace->nr_accesses; i--;) {
		next[i] = later[trace->accesses[i]];
		later[trace->accesses[i]] = from_end(trace, i);
	}
	return 0;
}

static uint64_t play(const struct usm_trace *trace, uint32_t frames,
		     const uint32_t *next, struct usm_bitmap *used_at)
{
	uint32_t i, held = 0;
	uint64_t faults = 0;

	for (i = 0; i < trace->nr_accesses; i++) {
		uint32_t now = from_end(trace, i);

		if (usm_bitmap_test(used_at, now)) {
			usm_bitmap_clear(used_at, now);
			held--;
		} else {
			faults++;
			if (held == frames) {
				usm_bitmap_clear(used_at,
						 usm_bitmap_first(used_at));
				held--;
			}
		}
		if (next[i]) {
			usm_bitmap_set(used_at, next[i]);
			held++;
		}
	}
	return faults;
}

int usm_optimum(const struct usm_trace *trace, uint32_t frames,
		uint64_t *faults)
{
	usm_auto_free uint32_t *next =
		calloc(trace->nr_accesses, sizeof(*next));
	struct usm_bitmap used_at = { 0 };
	int err;

	if (!next)
		return -ENOMEM;
	err = link_uses(trace, next);
	if (!err)
		err = usm_bitmap_init(&used_at, trace->nr_accesses + 1);
	if (!err)
		*faults = play(trace, frames, next, &used_at);
	usm_bitmap_fini(&used_at);
	return err;
}
