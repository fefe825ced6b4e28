/* SPDX-License-Identifier: MIT */
/*
 * trace.h - which pages of which members were used, one after the other.
 *
 * In memory, and as a file (docs/replay.md describes it byte by byte).  Pages
 * are numbered from 0 without gaps, in order of member and address; a table of
 * runs says which they are.
 */
#ifndef USM_INSTANCE_REPLAY_TRACE_H
#define USM_INSTANCE_REPLAY_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "instance/failure.h"

/*
 * What a file may ask a reader to hold: 64 Mi accesses and as many pages at
 * most, which is 256 MiB each.
 */
#define USM_TRACE_ACCESSES_MAX (1U << 26)
#define USM_TRACE_PAGES_MAX (1U << 26)

/* Pages side by side in the memory of one member, all of them used. */
struct usm_trace_run {
	uint64_t first; /* address / page size */
	uint32_t member; /* from 1 */
	uint32_t pages;
	uint32_t base; /* number of the first in the trace */
};

struct usm_trace {
	uint32_t page_bytes;
	uint32_t members;
	uint32_t window; /* see fold.h */
	uint32_t nr_runs;
	uint32_t nr_pages; /* the footprint */
	uint32_t nr_accesses;
	struct usm_trace_run *runs; /* [nr_runs], by member and address */
	uint32_t *accesses; /* [nr_accesses], page numbers, no two in a row */
};

/* Frees what it holds; a zeroed struct is fine. */
void usm_trace_fini(struct usm_trace *trace);

/*
 * Reads a trace from memory, or from a file.  Everything in it is checked; what
 * is wrong is said with its offset, with USM_EXIT_USAGE.  EINVAL: not a trace,
 * damaged, cut off, of another version; ENOMEM; errors of reading.  *out is the
 * caller's to finish.
 */
int usm_trace_decode(const void *data, size_t size, struct usm_trace *out,
		     struct usm_failure *failure);
int usm_trace_read(const char *path, struct usm_trace *out,
		   struct usm_failure *failure);

/*
 * Writes one.  *data is the caller's to free.  EINVAL: runs out of order or
 * pages that do not exist, a page twice in a row; ENOMEM; errors of writing.
 */
int usm_trace_encode(const struct usm_trace *trace, void **data, size_t *size);
int usm_trace_write(const struct usm_trace *trace, const char *path);

/* Which page the number stands for: usm_page_id() of member and address. */
uint64_t usm_trace_page_id(const struct usm_trace *trace, uint32_t page);

#endif /* USM_INSTANCE_REPLAY_TRACE_H */
