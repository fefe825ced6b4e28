/* SPDX-License-Identifier: MIT */
/*
 * Processes of one instance with priorities and policies of their own, and
 * policies that change with how much is in use.
 */
#include "groups/groups.h"

#include "lib/check.h"
#include "lib/ending.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"
#include "lib/run.h"

#define LIMIT_S 150

size_t groups_present(const struct child *child, uint64_t base, size_t pages,
		      const char *what)
{
	struct pages found;
	size_t nr;

	if (pages_read_range(child->pid, base, base + pages * PAGE_BYTES,
			     &found))
		require(false, "%s: its page tables can be read", what);
	nr = found.nr;
	pages_free(&found);
	return nr;
}

void groups_end(struct instance *instance, const char *what)
{
	ending_check_served(instance, what);
	ending_check(instance, false, HOME_MS, what);
}

static const struct test tests[] = {
	{ "priority", test_priority },
	{ "thresholds", test_thresholds },
};

int main(int argc, char **argv)
{
	return test_run(tests, sizeof(tests) / sizeof(tests[0]), LIMIT_S, argc,
			argv);
}
