/* SPDX-License-Identifier: MIT */
/*
 * runs.h - ranges granted for large pages: frames in line with the member's
 * buffer, and what the kernel says about the pages behind it.
 */
#ifndef USM_VM_GRANTS_RUNS_H
#define USM_VM_GRANTS_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "grants/member.h"
#include "lib/raw_daemon.h"

/* Pages of the largest run. */
#define RUN_PAGES_MAX (1U << USM_ORDER_MAX)

struct runs {
	struct raw_daemon daemon;
	struct member member;
	int freed_fd; /* /proc/usmPgs */
	uint32_t first; /* frame in line with the buffer's first page */
	bool large; /* the kernel can; else fault-around serves the same grant */
};

/* A claim and a member with a buffer of `pages`, where large pages may be. */
void runs_open(struct runs *runs, uint32_t pages);

/* Ends the member, checks that every frame comes home, ends the claim. */
void runs_close(struct runs *runs, const char *what);

/* Grants pages [page, page + pages) their frames: the result. */
int runs_grant(struct runs *runs, uint32_t page, uint32_t pages, uint8_t order,
	       uint8_t flags);

/* Pages of [from, to) that do not have their frames. */
uint32_t runs_misplaced(const struct runs *runs, uint32_t from, uint32_t to);

/*
 * Pages of [from, to) that the kernel does not describe as parts of compound
 * pages of 2^order, from /proc/kpageflags; 0: as small ones.
 */
uint32_t runs_not_of(const struct runs *runs, uint32_t from, uint32_t to,
		     uint8_t order);

/* Has the kernel look for frames that came home, and takes them: FREE then. */
void runs_fetch(struct runs *runs);

/* All frames of [from, to) are free within a while. */
bool runs_home(struct runs *runs, uint32_t from, uint32_t to);

/*
 * What the kernel says of large pages of 64 KiB: a file of its statistics in
 * sysfs, or -1.
 */
long long large_stat(const char *name);

#endif /* USM_VM_GRANTS_RUNS_H */
