/* SPDX-License-Identifier: MIT */
#include "inject/inject.h"
#include "lib/check.h"
#include "lib/pattern.h"

int keeper_main(struct child *self, void *arg)
{
	uint64_t *word = self->shared->word;
	char *memory = pattern_map(INJECT_PAGES * PAGE_BYTES);
	uint32_t step;

	(void)arg;
	pattern_fill(memory, 0, INJECT_PAGES, 1, INJECT_SEED);
	word[WORD_ADDR] = (uintptr_t)memory;
	for (step = 1; !word[WORD_STOP]; step++) {
		child_stop_at(self, step);
		word[WORD_BAD] +=
			pattern_bad(memory, 0, INJECT_PAGES, 1, INJECT_SEED);
	}
	return word[WORD_BAD] != 0;
}

bool keeper_right(struct child *child, uint32_t step)
{
	child_let(child, step);
	return child_reached(child, step + 1) && !child->shared->word[WORD_BAD];
}

void keeper_end(struct child *child, uint32_t step)
{
	child->shared->word[WORD_STOP] = 1;
	child_let(child, step);
	check_eq(child_end(child, CHILD_LIMIT_MS), 0, "its pages are right");
}
