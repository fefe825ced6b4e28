/* SPDX-License-Identifier: MIT */
/*
 * features.h - what else the kernel can do with memory.  Each feature is the
 * life of one member; its exit code is 0, or tells what went wrong.
 */
#ifndef USM_VM_FEATURES_H
#define USM_VM_FEATURES_H

#include <stddef.h>

#include "lib/child.h"
#include "lib/pattern.h"

#define FEATURE_PAGES (4 * MIB / PAGE_BYTES)

/* Exit codes of members beyond small numbers of their own. */
#define FEATURE_MISSING 77 /* this kernel does not have it */

typedef int (*feature_fn)(struct child *self, void *arg);

int feature_lock(struct child *self, void *arg);
int feature_lock_all(struct child *self, void *arg);
int feature_huge(struct child *self, void *arg);
int feature_collapse(struct child *self, void *arg);
int feature_same_page(struct child *self, void *arg);
int feature_free_lazily(struct child *self, void *arg);
int feature_page_out(struct child *self, void *arg);
int feature_populate(struct child *self, void *arg);
int feature_move(struct child *self, void *arg);
int feature_splice(struct child *self, void *arg);
int feature_fixed_buffers(struct child *self, void *arg);
int feature_fork_pinned(struct child *self, void *arg);
int feature_userfault(struct child *self, void *arg);
int feature_force_write(struct child *self, void *arg);
int feature_direct(struct child *self, void *arg);
int feature_ring_direct(struct child *self, void *arg);
int feature_ptrace(struct child *self, void *arg);
int feature_gdb(struct child *self, void *arg);
int feature_core(struct child *self, void *arg);

#endif /* USM_VM_FEATURES_H */
