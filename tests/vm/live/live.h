/* SPDX-License-Identifier: MIT */
/* live.h - partitions and memory that change while their processes run. */
#ifndef USM_VM_LIVE_H
#define USM_VM_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/child.h"
#include "lib/raw_daemon.h"

/* Partition of free frames: grow, shrink, zeroes, revoked mappings, rights. */
void test_resize(int dev);
/* The same while no daemon holds it. */
void test_resize_lost(int dev);

/* Mapped frames move out of the way of a shrink. */
void test_shrink_busy(int dev);
/* There is nowhere to move them to: they leave as they come home. */
void test_shrink_full(int dev);
/* Pinned and shared pages stay where they are, intact. */
void test_shrink_pinned(int dev);

/* What is on its way out is in pieces, and the partition grows again. */
void test_shrink_crumbs(int dev);

/* The policy moves pages one by one. */
void test_move(int dev);

/* Memory from before the binding moves in, works there, and moves out again. */
void test_adopt_and_drain(int dev);
/* Large pages, locked memory, private copies of a file. */
void test_adopt_kinds(int dev);
/* Pinned and shared pages are left; no frames; no rights. */
void test_adopt_refused(int dev);
/* A frame that the kernel took by itself is not in the daemon's slice. */
void test_adopt_withholds(int dev);
/* A cgroup that has no room for what leaves. */
void test_drain_limited(int dev);

/* Evicted pages stay out of a shrink; where one comes back it moves, too. */
void test_shrink_evicted(int dev);
/* A frame that held a page left and came back empty. */
void test_grow_evicted(int dev);
/* The policy moves around what is evicted. */
void test_move_evicted(int dev);
/* Draining brings evicted pages back, or says that it could not. */
void test_drain_evicted(int dev);
/* What the kernel itself reads of an ending process is evicted. */
void test_end_evicted(int dev);
/* A member at work, evictions, moves and resizes at once, then a drain. */
void test_all_at_once(int dev);

/* ---- members.c: a member that works on memory that stays mapped ----------- */

/* child_shared.word[] of a worker. */
#define WORK_STOP 0 /* the test sets it */
#define WORK_ROUNDS 1 /* how often all of its pages were checked and changed */
#define WORK_BAD 2
#define WORK_ADDR 3 /* where its memory is */
#define WORK_PAGES 4 /* how many pages: set it before letting go of step 0 */
#define WORK_KIND 5 /* enum work_kind, likewise */

enum work_kind {
	WORK_SMALL = 0,
	WORK_HUGE = 1, /* large pages, where the kernel makes them */
	WORK_LOCKED = 2, /* mlock() */
	WORK_FILE = 3, /* private copies of a file's pages */
};

/* Writes its pages, stops at step 1, then checks and changes them in threads. */
int work_main(struct child *self, void *arg);

/* Starts one of so many pages, stopped before its first touch, and binds it. */
void work_start(struct child *child, const struct raw_daemon *daemon,
		size_t pages);
/* The same of another kind, not bound. */
void work_start_kind(struct child *child, enum work_kind kind, size_t pages);
/* Lets it write and go on, and waits until it is at work. */
void work_go(struct child *child);
/* It has gone through all of its memory since the call. */
bool work_moves_on(const struct child *child);
/* Ends it: its exit code, and no page was wrong. */
void work_end(struct child *child, const char *what);

/* Where its pages are; counts in pages. */
struct work_places {
	size_t own; /* in the extents of the daemon's instance, now */
	size_t pool; /* in the pool, own ones included */
	size_t present;
	size_t listed; /* on the kernel's LRU lists, by /proc/kpageflags */
};
void work_places(const struct child *child, const struct raw_daemon *daemon,
		 struct work_places *out);

/* A field of /proc/PID/smaps over all of its mappings, in kB. */
long smaps_kb(pid_t pid, const char *field);

/* A field of /proc/PID/status in kB ("RssAnon"), or -1. */
long status_kb(pid_t pid, const char *field);

#endif /* USM_VM_LIVE_H */
