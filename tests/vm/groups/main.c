/* SPDX-License-Identifier: MIT */
/*
 * Processes of one instance with priorities and policies of their own, and
 * policies that change with how much is in use.
 */
#include "groups/groups.h"

#include <string.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"

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
	struct usm_instance_info info;

	require(!instance_info(instance->dev, instance->id, &info),
		"%s: it is there", what);
	check_eq(instance_fallbacks(&info), 0,
		 "%s: no page is the kernel's own", what);
	check_eq(info.bad_commands, 0, "%s: every answer was right", what);
	check(instance_all_free(instance->dev, instance->id, true, HOME_MS),
	      "%s: every frame is free again", what);
	check_eq(instance_stop(instance), 0, "%s: the daemon ends", what);
	check(instance_gone(instance->dev, instance->id, HOME_MS),
	      "%s: the instance is gone", what);
}

static const struct {
	const char *name;
	void (*run)(int dev);
} tests[] = {
	{ "priority", test_priority },
	{ "thresholds", test_thresholds },
};

int main(int argc, char **argv)
{
	size_t i;
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		if (argc < 2 || !strcmp(argv[1], tests[i].name))
			tests[i].run(dev);
	close(dev);
	return test_end();
}
