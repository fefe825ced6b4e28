/* SPDX-License-Identifier: MIT */
/*
 * inject.h - allocations that fail, one after the other: the kernel lets the
 * n-th one of a thread fail that asks for it (Documentation/fault-injection).
 * An operation is tried with n = 1, 2, … until it no longer meets a failure.
 */
#ifndef USM_VM_INJECT_H
#define USM_VM_INJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/child.h"
#include "lib/swapper.h"

/* Does this kernel have it?  Sets it up: every allocation may be chosen. */
bool inject_set_up(void);
/* For the calling process, after a fork too. */
void inject_begin(void);

/*
 * An operation: 0 or -errno.  It must leave no trace when it fails; what it
 * did when it succeeded, it undoes with `undo` (may be NULL).
 */
struct operation {
	const char *name;
	int (*run)(void *with);
	void (*undo)(void *with);
	/* Looks whether all is as before; may be NULL. */
	bool (*intact)(void *with);
};

/*
 * Every allocation in `run` fails once; each run ends with -ENOMEM, or, where
 * the kernel can do without, 0.  In the end it succeeds.  Returns how many
 * failed.
 */
unsigned int inject_all(const struct operation *operation, void *with);

/* Claims, mappings, lists: before there is a member. */
void test_instance(int dev);
/* What a daemon does with its members' pages, and with its partition. */
void test_pages(struct swapper *swapper);
/* Whole processes that move in and out. */
void test_moving(struct swapper *swapper);
/* What a member does that has pages out: touch, fork, mremap, mprotect. */
void test_member(struct swapper *swapper);

#define INJECT_FRAMES 2048
#define INJECT_PAGES 64
#define INJECT_SEED 11

/* child_shared.word[] */
#define WORD_ADDR 0
#define WORD_STOP 1
#define WORD_BAD 2

/* A process that writes INJECT_PAGES pages, and checks them at every step. */
int keeper_main(struct child *self, void *arg);
/* Lets it check: are they right?  From step `step` on to the next. */
bool keeper_right(struct child *child, uint32_t step);
void keeper_end(struct child *child, uint32_t step);

#endif /* USM_VM_INJECT_H */
