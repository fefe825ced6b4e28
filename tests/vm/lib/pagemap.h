/* SPDX-License-Identifier: MIT */
/*
 * pagemap.h - the physical frames behind a process, from /proc/PID/pagemap:
 * what the kernel's page tables say, whatever the module counts.
 */
#ifndef USM_VM_PAGEMAP_H
#define USM_VM_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/partition.h"

/* One present page of private anonymous memory, copied file pages included. */
struct page {
	uint64_t addr;
	uint64_t pfn;
};

struct pages {
	struct page *at; /* by address */
	size_t nr;
	size_t swapped; /* not present but in swap */
};

/*
 * All of a process; without file pages, shared memory, the zero page and what
 * the kernel maps itself.  0 or -errno; release with pages_free().
 */
int pages_read(pid_t pid, struct pages *out);

/* The same, of [start, end) only. */
int pages_read_range(pid_t pid, uint64_t start, uint64_t end,
		     struct pages *out);

void pages_free(struct pages *pages);

/* Drops from `now` what `before` has at the same address and frame. */
void pages_drop_old(struct pages *now, const struct pages *before);

/* Where pages are. */
struct placement {
	size_t own; /* in the own partition */
	size_t foreign; /* elsewhere in the pool */
	size_t outside; /* outside of the pool */
	size_t twice; /* a frame that an earlier page has too */
};

int pages_place(const struct pages *pages, const struct partition *own,
		struct placement *out);

/* Pairs of neighbouring pages whose frames are neighbours too. */
size_t pages_adjacent(const struct pages *pages);

#endif /* USM_VM_PAGEMAP_H */
