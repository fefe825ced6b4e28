/* SPDX-License-Identifier: MIT */
/* switch context N: N switches between two user-level contexts. */
#include <stdlib.h>
#include <string.h>

#include "instance/workee/context.h"

static struct usm_context outer, inner;

static void back_and_forth(void *arg)
{
	(void)arg;
	for (;;)
		usm_context_switch(&inner, &outer);
}

int main(int argc, char **argv)
{
	static char stack[65536] __attribute__((aligned(16)));
	long i, n;

	if (argc != 3 || strcmp(argv[1], "context"))
		return 2;
	n = strtol(argv[2], NULL, 10);
	usm_context_adopt(&outer);
	usm_context_make(&inner, stack, sizeof(stack), back_and_forth, NULL);
	for (i = 0; i < n; i += 2)
		usm_context_switch(&outer, &inner);
	usm_context_fini(&inner);
	return 0;
}
