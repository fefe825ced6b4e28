/* SPDX-License-Identifier: MIT */
/* walker.h - a tenant that touches page after page and says how it went. */
#ifndef USM_VM_LOSS_WALKER_H
#define USM_VM_LOSS_WALKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/child.h"

/* child_shared.word[] of a walker. */
enum {
	WALKER_PAGES, /* written so far */
	WALKER_STAMP_US, /* when the last one was */
	WALKER_BUSES, /* SIGBUS so far; the page is tried again */
	WALKER_SIGNALS, /* SIGUSR1 so far */
	WALKER_STOP, /* the test sets it: end */
	WALKER_WORST_US, /* longest time a page took; the test may clear it */
	WALKER_BASE, /* where its pages are */
};

struct walker_options {
	size_t pages; /* it walks round and round, giving a round's pages back */
	unsigned int pause_ms; /* after each page */
};

/* A child's main; exit code 0 when all data was right. */
int walker_main(struct child *self, void *options);

/*
 * The step it waits at to be bound.  A SIGBUS is delivered on the tenant's own
 * stack: all that a handler needs has been touched by then.
 */
#define WALKER_BOUND 1

/* Starts one that waits there. */
void walker_start(struct child *child, const struct walker_options *options);

uint64_t walker_word(const struct child *child, unsigned int word);
bool walker_moves_on(const struct child *child, uint64_t more,
		     unsigned int limit_ms);
/* Stays where it is for so long. */
bool walker_stands(const struct child *child, unsigned int ms);
/* Tells it to stop; its exit code. */
int walker_end(struct child *child);

uint64_t now_us(void);

#endif /* USM_VM_LOSS_WALKER_H */
