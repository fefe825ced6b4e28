/* SPDX-License-Identifier: MIT */
/* unload.h - when the module goes, when it does not, and what it leaves. */
#ifndef USM_VM_UNLOAD_H
#define USM_VM_UNLOAD_H

/* All begin and end with the module loaded and nothing claimed. */

/* Refused while somebody uses it. */
void test_in_use(void);

/* kernel.ftrace_enabled = 0 is refused. */
void test_ftrace(void);

/* Tasks asleep in faults that are not the module's business. */
void test_asleep_untagged(void);
void test_asleep_in_shared_buckets(void);
void test_asleep_once_tagged(void);

/* A thousand members asleep in the module's own wait. */
void test_asleep_in_wait(void);

/* In and out, with load around and in between. */
void test_cycles(void);

/* Parameters that it must refuse, without leaving anything. */
void test_parameters(void);

/* Functions that the kernel does not have, or that somebody else redirects. */
void test_missing(void);
void test_taken(void);

#endif /* USM_VM_UNLOAD_H */
