/* SPDX-License-Identifier: MIT */
/*
 * sleepers.h - processes whose threads all sleep in a page fault, each on a
 * page that a userfaultfd handler fills when it is told to.
 */
#ifndef USM_VM_UNLOAD_SLEEPERS_H
#define USM_VM_UNLOAD_SLEEPERS_H

#include <sys/types.h>

#define SLEEPERS_MAX 64

struct sleepers {
	unsigned int processes;
	pid_t pid[SLEEPERS_MAX];
	int asleep[2]; /* pipe: one byte from each when all threads sleep */
	int serve[2]; /* pipe: closed to have the pages filled */
};

/*
 * Starts them; before() (may be NULL) is called for each while it has not
 * faulted yet. Returns when all of them sleep; ends the program when not.
 */
void sleepers_start(struct sleepers *sleepers, unsigned int processes,
		    unsigned int threads, void (*before)(pid_t pid, void *arg),
		    void *arg);

/* Fills all pages, waits for the ends: how many processes had wrong data. */
unsigned int sleepers_end(struct sleepers *sleepers);

#endif /* USM_VM_UNLOAD_SLEEPERS_H */
