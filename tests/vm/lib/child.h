/* SPDX-License-Identifier: MIT */
/*
 * child.h - a forked process that goes through numbered steps together with
 * the test: it stops at each until it is let on.
 */
#ifndef USM_VM_CHILD_H
#define USM_VM_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Longest any step may take under emulation on a busy host. */
#define CHILD_LIMIT_MS 120000

/* In shared memory. The words are the program's own to use. */
struct child_shared {
	uint32_t reached;
	uint32_t let;
	uint64_t word[8];
};

struct child {
	pid_t pid;
	int pidfd;
	int shared_fd; /* of the shared memory; stays open over exec */
	struct child_shared *shared;
};

/*
 * Forks; the child stops at step 0, then runs main(self, arg) and exits with
 * what that returns.  Ends the test program when it cannot.
 */
void child_start(struct child *child, int (*main)(struct child *, void *),
		 void *arg);

/* A child's main that does nothing until it is killed. */
int child_pause(struct child *self, void *arg);

/* In the child: step reached, wait to be let on. */
void child_stop_at(struct child *self, uint32_t step);

/* In an image that the child executed: what it goes on with. 0 or -errno. */
int child_resume(struct child *self, int shared_fd);

/* In the test: has it reached the step within CHILD_LIMIT_MS? */
bool child_reached(struct child *child, uint32_t step);

/* In the test: go on from this step, whether it is there already or not. */
void child_let(struct child *child, uint32_t step);

/*
 * Waits for the end and lets go of everything: the exit code, 128 + signal,
 * or -1 when it had to be killed after limit_ms.
 */
int child_end(struct child *child, unsigned int limit_ms);

/* SIGKILL, then as child_end(). */
int child_kill(struct child *child);

/* SIGSTOP, and waits until every thread of the child process has stopped. */
bool process_stop(pid_t pid);

/* waitpid() with a limit, for any child process; as child_end(). */
int process_end(pid_t pid, unsigned int limit_ms);

#endif /* USM_VM_CHILD_H */
