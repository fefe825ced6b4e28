/* SPDX-License-Identifier: MIT */
/* Fork and copy-on-write on both sides, in both orders of ending. */
#include <sys/wait.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/wait.h"
#include "memory/scenario.h"

/* Copies the first half, keeps seeing its parent's old second half. */
static int child_side(void *buffer, size_t pages)
{
	size_t half = pages / 2;
	size_t bad = pattern_bad(buffer, 0, pages, 1, 4);

	pattern_fill(buffer, 0, half, 1, 5);
	bad += pattern_bad(buffer, 0, half, 1, 5);
	bad += pattern_bad(buffer, half, pages, 1, 4);
	return bad != 0;
}

static int both_sides(struct child *self, void *arg)
{
	const struct scene *scene = arg;
	size_t pages = scene->pages, half = pages / 2, bad;
	void *buffer = pattern_map(pages * PAGE_BYTES);
	int status = -1;
	pid_t pid;

	(void)self;
	pattern_fill(buffer, 0, pages, 1, 4);
	pid = fork();
	if (!pid)
		_exit(child_side(buffer, pages));
	/* At the same time as the child copies the first. */
	pattern_fill(buffer, half, pages, 1, 6);
	bad = pattern_bad(buffer, 0, half, 1, 4);
	if (waitpid(pid, &status, 0) != pid || status)
		return 1;
	bad += pattern_bad(buffer, 0, half, 1, 4);
	bad += pattern_bad(buffer, half, pages, 1, 6);
	/* Alone again: pages that were shared are written once more. */
	pattern_fill(buffer, 0, half / 2, 1, 7);
	bad += pattern_bad(buffer, 0, half / 2, 1, 7);
	bad += pattern_bad(buffer, half / 2, half, 1, 4);
	return bad ? 2 : 0;
}

const struct scenario scenario_fork = { "fork", false, both_sides, NULL };

#define STEP_ORPHANED 1
#define WORD_RESULT 1
#define RESULT_RIGHT 1
#define RESULT_WRONG 2

/* Outlives the parent, whose frames it goes on using. */
static int orphan_side(struct child *self, void *buffer, size_t pages,
		       pid_t parent)
{
	size_t bad;

	child_stop_at(self, STEP_ORPHANED);
	while (getppid() == parent)
		usleep(1000);
	bad = pattern_bad(buffer, 0, pages, 1, 8);
	pattern_fill(buffer, 0, pages, 2, 9);
	bad += pattern_bad(buffer, 0, pages, 2, 9);
	bad += pattern_bad(buffer, 1, pages, 2, 8);
	__atomic_store_n(&self->shared->word[WORD_RESULT],
			 bad ? RESULT_WRONG : RESULT_RIGHT, __ATOMIC_RELEASE);
	return 0;
}

static int leave_orphan(struct child *self, void *arg)
{
	const struct scene *scene = arg;
	size_t pages = scene->pages;
	void *buffer = pattern_map(pages * PAGE_BYTES);
	pid_t me = getpid();

	pattern_fill(buffer, 0, pages, 1, 8);
	if (!fork())
		_exit(orphan_side(self, buffer, pages, me));
	/* Its shared page is not ours to wait on: the orphan has it too. */
	while (__atomic_load_n(&self->shared->reached, __ATOMIC_ACQUIRE) <=
	       STEP_ORPHANED)
		usleep(1000);
	return 0;
}

static void watch_orphan(const struct scene *scene, struct child *child)
{
	uint64_t *result = &child->shared->word[WORD_RESULT];

	(void)scene;
	require(child_reached(child, STEP_ORPHANED), "orphan: is forked");
	child_let(child, STEP_ORPHANED);
	wait_until(CHILD_LIMIT_MS, __atomic_load_n(result, __ATOMIC_ACQUIRE));
	check_eq(*result, RESULT_RIGHT,
		 "orphan: reads right after its parent's end");
}

const struct scenario scenario_orphan = { "orphan", true, leave_orphan,
					  watch_orphan };
