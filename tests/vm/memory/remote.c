/* SPDX-License-Identifier: MIT */
/* Another process reads a member's memory, and faults pages into it. */
#include <sys/mman.h>
#include <sys/uio.h>

#include "lib/check.h"
#include "memory/scenario.h"

#define STEP_WRITTEN 1
#define STEP_WRITTEN_TO 2

/* Pages copied with one call. */
#define AT_ONCE 256

static int member(struct child *self, void *arg)
{
	const struct scene *scene = arg;
	size_t pages = scene->pages, half = pages / 2, bad;
	void *buffer = pattern_map(pages * PAGE_BYTES);

	self->shared->word[WORD_BUFFER] = (uintptr_t)buffer;
	pattern_fill(buffer, 0, half, 1, 10);
	child_stop_at(self, STEP_WRITTEN);
	child_stop_at(self, STEP_WRITTEN_TO);
	bad = pattern_bad(buffer, 0, half, 1, 10);
	/* Never touched by this process before. */
	bad += pattern_bad(buffer, half, pages, 1, 11);
	return bad != 0;
}

typedef ssize_t (*copy_fn)(pid_t pid, const struct iovec *local,
			   unsigned long nr_local, const struct iovec *remote,
			   unsigned long nr_remote, unsigned long flags);

/* Pages that could not be copied. */
static size_t copy(copy_fn how, struct child *child, char *local, size_t first,
		   size_t end)
{
	uint64_t remote = child->shared->word[WORD_BUFFER];
	size_t missing = 0, i;

	for (i = first; i < end; i += AT_ONCE) {
		struct iovec here = { local + i * PAGE_BYTES,
				      AT_ONCE * PAGE_BYTES };
		struct iovec there = { (void *)(remote + i * PAGE_BYTES),
				       AT_ONCE * PAGE_BYTES };

		if (how(child->pid, &here, 1, &there, 1, 0) !=
		    (ssize_t)here.iov_len)
			missing += AT_ONCE;
	}
	return missing;
}

static void read_and_write(const struct scene *scene, struct child *child)
{
	size_t pages = scene->pages, half = pages / 2;
	char *mine = pattern_map(pages * PAGE_BYTES);

	require(child_reached(child, STEP_WRITTEN), "remote: member writes");
	check_eq(copy(process_vm_readv, child, mine, 0, half), 0,
		 "remote: process_vm_readv of the member");
	check_eq(pattern_bad(mine, 0, half, 1, 10), 0,
		 "remote: it reads what the member wrote");
	pattern_fill(mine, half, pages, 1, 11);
	check_eq(copy(process_vm_writev, child, mine, half, pages), 0,
		 "remote: process_vm_writev to untouched memory");
	munmap(mine, pages * PAGE_BYTES);
	child_let(child, STEP_WRITTEN);
	child_let(child, STEP_WRITTEN_TO);
}

const struct scenario scenario_remote = { "remote", false, member,
					  read_and_write };
