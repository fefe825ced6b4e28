/* SPDX-License-Identifier: MIT */
/*
 * Evicted pages on a disk that takes its time for each: faults that wait for
 * it wait together, and pages that are needed next are there before.
 */
#include "prefetch/prefetch.h"

#include <string.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/wait.h"
#include "prefetch/disk.h"

#define LIMIT_S 300

void prefetch_end(struct instance *instance, const char *what)
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
	void (*run)(int dev, bool exact);
} tests[] = {
	{ "overlap", test_overlap },
	{ "walks", test_walks },
};

int main(int argc, char **argv)
{
	bool exact = argc > 2 && !strcmp(argv[2], "exact");
	size_t i;
	int dev, err;

	test_begin(LIMIT_S);
	dev = device_open();
	err = disk_open();
	require(!err, "there is a slow disk (%d)", err);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		if (argc < 2 || !strcmp(argv[1], "all") ||
		    !strcmp(argv[1], tests[i].name))
			tests[i].run(dev, exact);
	err = disk_close();
	check_eq(err, 0, "the disk goes");
	close(dev);
	return test_end();
}
