/* SPDX-License-Identifier: MIT */
/*
 * ahead.h - a member that touches new memory in an order of its choice, and
 * checks every word of it.
 */
#ifndef USM_VM_AHEAD_H
#define USM_VM_AHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/child.h"
#include "lib/instance.h"

/* So late that a busy machine is not taken for a fault. */
#define LONG_DEADLINE_MS 10000
#define HOME_MS 30000

enum order {
	SEQUENTIAL,
	RANDOM,
};

/*
 * A child's life: step 0, touches its pages; step 1, checks them, gives back
 * half of them, touches those again in the other order and checks all; exit
 * code 0 when every word was right.
 */
struct toucher {
	size_t pages;
	enum order order;
};

/* child_shared.word[]: where its buffer is. */
#define WORD_BASE 0
/* Pages touched so far. */
#define WORD_PAGES 1

/* Starts and binds it, and waits for step 1. */
void toucher_start(struct child *child, const struct instance *instance,
		   const struct toucher *toucher);

/* As the first, but does not wait. */
void toucher_begin(struct child *child, const struct instance *instance,
		   const struct toucher *toucher);

/*
 * Its pages are in frames of the partition, none in two.  Returns pairs of
 * neighbouring pages in neighbouring frames.
 */
size_t toucher_check_places(const struct child *child,
			    const struct instance *instance,
			    const struct toucher *toucher, const char *what);

/* Lets it go on to its end: every word was right. */
void toucher_end(struct child *child, const char *what);

/* What each policy makes of it; and when things go wrong. */
void test_policies(int dev);
void test_killed(int dev);
void test_pressure(int dev);

/* Every frame is free again, and the instance goes. */
void ahead_end(struct instance *instance, const char *what);

#endif /* USM_VM_AHEAD_H */
