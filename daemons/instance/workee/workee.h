/* SPDX-License-Identifier: MIT */
/*
 * workee.h - user-level threads of one worker: one for each slot.
 *
 * The worker begins a workee for a request in its slot; the workee runs until
 * it is done or waits.  While it waits (for a page from storage, say) the
 * worker serves others, and goes on with it once it is ready.  All of it is
 * one thread's business; nothing here makes a system call but for opening a
 * stack, once for each slot that is ever used.
 */
#ifndef USM_INSTANCE_WORKEE_WORKEE_H
#define USM_INSTANCE_WORKEE_WORKEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Not in a workee, but on the worker's own stack. */
#define USM_WORKEE_NONE UINT32_MAX

/*
 * How long a workee runs before it lets others go first, where it can: a
 * handful of faults, and a tenth of a wake-up.
 *
 * The workee finds out itself, by the clock, at its preemption points.  Nobody
 * tells it from outside: that would take a timer while workers are busy, whose
 * thread would need a CPU just then, and the workee could switch at no other
 * place for it.  Most faults come to no preemption point, and pay nothing.
 */
#define USM_WORKEE_BUDGET_NS 20000ULL

struct usm_workees;

/*
 * Workees 0 .. nr - 1 (nr <= USM_SLOTS_MAX); each time one is begun it calls
 * run(ctx, index), which may wait.  *out belongs to the caller, who is the
 * thread that uses it.  ENOMEM.
 */
int usm_workees_create(uint32_t nr, void (*run)(void *ctx, uint32_t index),
		       void *ctx, struct usm_workees **out);

/*
 * Frees them; what waits is forgotten, its stack is not unwound.  Not from
 * within a workee.  NULL is fine.
 */
void usm_workees_destroy(struct usm_workees *workees);

/*
 * Runs a workee until it is done or waits.  One that waits already is begun
 * once more right after it is done.  Where no stack can be had it runs on the
 * caller's and cannot wait.  Not from within a workee.
 */
void usm_workees_begin(struct usm_workees *workees, uint32_t index);

/* Goes on with every workee that is ready now, each once.  Returns how many. */
uint32_t usm_workees_go_on(struct usm_workees *workees);

/* Is any ready? */
bool usm_workees_ready(const struct usm_workees *workees);

/* Workees that wait, or are ready and have not gone on. */
uint32_t usm_workees_waiting(const struct usm_workees *workees);

/* A workee that waits is ready to go on; one that does not: nothing. */
void usm_workee_wake(struct usm_workees *workees, uint32_t index);

/* ---- from within a workee ------------------------------------------------------- */

/* Which one is running; USM_WORKEE_NONE when it could not wait. */
uint32_t usm_workee_current(const struct usm_workees *workees);

/* Waits until it is woken.  There must be a current one. */
void usm_workee_wait(struct usm_workees *workees);

/*
 * A preemption point: lets others go first when this one has used up its
 * budget, which begins with the first point it comes to after it was begun or
 * gone on with.  Returns whether it did.  Does nothing outside.
 */
bool usm_workee_checkpoint(struct usm_workees *workees);

/* ---- from any thread -------------------------------------------------------------- */

/* The most stack that any workee has ever used, in bytes. */
size_t usm_workees_high_water(const struct usm_workees *workees);

#endif /* USM_INSTANCE_WORKEE_WORKEE_H */
