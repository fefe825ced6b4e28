/* SPDX-License-Identifier: MIT */
#include "instance/workee/stacks.h"

#include <errno.h>
#include <sys/mman.h>

#define GUARD_BYTES 4096U
#define STRIDE ((size_t)GUARD_BYTES + USM_STACK_BYTES)

static char *bottom_of(const struct usm_stacks *stacks, uint32_t index)
{
	return stacks->base + index * STRIDE + GUARD_BYTES;
}

int usm_stacks_init(struct usm_stacks *stacks, uint32_t nr)
{
	void *base = mmap(NULL, nr * STRIDE, PROT_NONE,
			  /* cppcheck-suppress invalidFunctionArg; no file */
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return -errno;
	stacks->base = base;
	stacks->nr = nr;
	return 0;
}

void usm_stacks_fini(struct usm_stacks *stacks)
{
	if (stacks->base)
		munmap(stacks->base, stacks->nr * STRIDE);
	*stacks = (struct usm_stacks){ 0 };
}

int usm_stacks_open(struct usm_stacks *stacks, uint32_t index, void **bottom)
{
	char *stack = bottom_of(stacks, index);

	if (mprotect(stack, USM_STACK_BYTES, PROT_READ | PROT_WRITE))
		return -errno;
	*bottom = stack;
	return 0;
}

/* Of memory that other code uses as its stack, red zones and all. */
__attribute__((no_sanitize("address", "thread"))) size_t
usm_stacks_high_water(const struct usm_stacks *stacks, uint32_t index)
{
	const uint64_t *word = (const void *)bottom_of(stacks, index);
	size_t i, nr = USM_STACK_BYTES / sizeof(*word);

	for (i = 0; i < nr && !((const volatile uint64_t *)word)[i]; i++)
		;
	return (nr - i) * sizeof(*word);
}
