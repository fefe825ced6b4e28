/* SPDX-License-Identifier: MIT */
#include "instance/workee/workee.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/worker/backoff.h"
#include "instance/workee/context.h"
#include "instance/workee/idq.h"
#include "instance/workee/stacks.h"

enum state {
	NEW, /* no stack yet */
	DONE, /* at the end of its loop: can be begun */
	RUNNING,
	WAITING, /* or ready: then its bit is set */
};

struct workee {
	struct usm_context context;
	struct usm_workees *all;
	uint32_t index;
	uint8_t state; /* enum state */
	bool again; /* begun while it was waiting */
};

struct usm_workees {
	struct usm_context worker;
	uint32_t nr;
	uint32_t current;
	uint32_t waiting;
	uint64_t since_ns; /* the current one's first checkpoint; 0: none yet */
	void (*run)(void *ctx, uint32_t index);
	void *ctx;
	struct usm_idq_turns idq;
	struct usm_stacks stacks;
	struct workee workee[];
};

int usm_workees_create(uint32_t nr, void (*run)(void *ctx, uint32_t index),
		       void *ctx, struct usm_workees **out)
{
	struct usm_workees *workees =
		calloc(1, sizeof(*workees) + nr * sizeof(workees->workee[0]));
	uint32_t i;
	int err;

	if (!workees)
		return -ENOMEM;
	err = usm_stacks_init(&workees->stacks, nr);
	if (err) {
		free(workees);
		return err;
	}
	workees->nr = nr;
	workees->current = USM_WORKEE_NONE;
	workees->run = run;
	workees->ctx = ctx;
	for (i = 0; i < nr; i++) {
		workees->workee[i].all = workees;
		workees->workee[i].index = i;
	}
	*out = workees;
	return 0;
}

void usm_workees_destroy(struct usm_workees *workees)
{
	uint32_t i;

	if (!workees)
		return;
	for (i = 0; i < workees->nr; i++)
		usm_context_fini(&workees->workee[i].context);
	usm_stacks_fini(&workees->stacks);
	free(workees);
}

static void back_to_worker(struct usm_workees *workees, struct workee *workee,
			   enum state state)
{
	workee->state = state;
	usm_context_switch(&workee->context, &workees->worker);
}

static void workee_main(void *arg)
{
	struct workee *workee = arg;
	struct usm_workees *workees = workee->all;

	for (;;) {
		workees->run(workees->ctx, workee->index);
		if (workee->again)
			workee->again = false;
		else
			back_to_worker(workees, workee, DONE);
	}
}

static void enter(struct usm_workees *workees, struct workee *workee)
{
	workees->current = workee->index;
	workees->since_ns = 0;
	workee->state = RUNNING;
	usm_context_switch(&workees->worker, &workee->context);
	workees->current = USM_WORKEE_NONE;
}

static int make(struct usm_workees *workees, struct workee *workee)
{
	void *bottom;
	int err = usm_stacks_open(&workees->stacks, workee->index, &bottom);

	if (err)
		return err;
	usm_context_make(&workee->context, bottom, USM_STACK_BYTES, workee_main,
			 workee);
	workee->state = DONE;
	return 0;
}

void usm_workees_begin(struct usm_workees *workees, uint32_t index)
{
	struct workee *workee = &workees->workee[index];

	if (workee->state == WAITING) {
		workee->again = true;
		return;
	}
	if (workee->state == NEW) {
		usm_context_adopt(&workees->worker);
		if (make(workees, workee)) {
			workees->run(workees->ctx, index);
			return;
		}
	}
	enter(workees, workee);
}

uint32_t usm_workees_go_on(struct usm_workees *workees)
{
	struct usm_idq *ready = usm_idq_turn(&workees->idq);
	uint32_t word, nr = 0;

	while (usm_idq_any(ready)) {
		uint64_t bits = usm_idq_take_word(ready, &word);

		word *= USM_IDQ_WORD_BITS;
		for (; bits; bits &= bits - 1, nr++) {
			workees->waiting--;
			enter(workees,
			      &workees->workee[word + (uint32_t)__builtin_ctzll(
							      bits)]);
		}
	}
	return nr;
}

bool usm_workees_ready(const struct usm_workees *workees)
{
	return usm_idq_turns_any(&workees->idq);
}

uint32_t usm_workees_waiting(const struct usm_workees *workees)
{
	return workees->waiting;
}

void usm_workee_wake(struct usm_workees *workees, uint32_t index)
{
	if (workees->workee[index].state == WAITING)
		usm_idq_set(usm_idq_filled(&workees->idq), index);
}

uint32_t usm_workee_current(const struct usm_workees *workees)
{
	return workees->current;
}

void usm_workee_wait(struct usm_workees *workees)
{
	workees->waiting++;
	back_to_worker(workees, &workees->workee[workees->current], WAITING);
}

/* The clock is read at checkpoints only: most workees never come to one. */
static bool over_budget(struct usm_workees *workees)
{
	uint64_t now = usm_now_ns();

	if (!workees->since_ns)
		workees->since_ns = now;
	return now - workees->since_ns >= USM_WORKEE_BUDGET_NS;
}

bool usm_workee_checkpoint(struct usm_workees *workees)
{
	if (workees->current == USM_WORKEE_NONE || !over_budget(workees))
		return false;
	usm_idq_set(usm_idq_filled(&workees->idq), workees->current);
	usm_workee_wait(workees);
	return true;
}

size_t usm_workees_high_water(const struct usm_workees *workees)
{
	size_t most = 0;
	uint32_t i;

	for (i = 0; i < workees->nr; i++) {
		size_t used;

		/* Set once, by the worker, after the stack can be read. */
		if (__atomic_load_n(&workees->workee[i].state,
				    __ATOMIC_RELAXED) == NEW)
			continue;
		used = usm_stacks_high_water(&workees->stacks, i);
		most = used > most ? used : most;
	}
	return most;
}
