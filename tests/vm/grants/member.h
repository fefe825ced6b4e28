/* SPDX-License-Identifier: MIT */
/*
 * member.h - a bound process that does what the test says, one order at a
 * time, on one buffer of its own.
 */
#ifndef USM_VM_GRANTS_MEMBER_H
#define USM_VM_GRANTS_MEMBER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/child.h"
#include "lib/raw_daemon.h"

enum order {
	ORDER_FILL, /* fill pages with their pattern: minor faults it took */
	ORDER_BAD, /* pages that are not as filled */
	ORDER_NONZERO, /* pages that hold anything but zeroes */
	ORDER_READ, /* read pages: minor faults it took */
	ORDER_UNMAP,
	ORDER_DONTNEED,
	ORDER_READ_ONLY, /* mprotect, then back */
	ORDER_MOVE, /* mremap the pages elsewhere: the new address */
	ORDER_FORK, /* a child fills pages and stays: its PID */
	ORDER_REAP, /* end that child: its exit code */
	ORDER_HUGE, /* madvise(MADV_HUGEPAGE) */
	ORDER_FREE, /* madvise(MADV_FREE) */
	ORDER_LOCK, /* mlock: 0 or errno */
	ORDER_END,
};

struct member {
	struct child child;
	uint32_t id;
	uint32_t step;
	uint64_t base; /* of the buffer, aligned to 2 MiB */
	uint64_t seed;
};

/* Starts one and binds it to the claim; `pages`: of its buffer. */
void member_start(struct member *member, const struct raw_daemon *daemon,
		  size_t pages);

/* Does it with pages [first, first + count): the order's result. */
uint64_t member_do(struct member *member, enum order order, size_t first,
		   size_t count);

/* Address of page `index`. */
uint64_t member_page(const struct member *member, size_t index);

/*
 * Frame of the partition behind page `index`, as an index in the pool; else
 * USM_FRAME_NONE.
 */
uint32_t member_frame(const struct member *member,
		      const struct raw_daemon *daemon, size_t index);

/* The same of any process. */
uint32_t frame_at(pid_t pid, uint64_t addr, const struct raw_daemon *daemon);

/* Checks that it ends well. */
void member_end(struct member *member);

#endif /* USM_VM_GRANTS_MEMBER_H */
