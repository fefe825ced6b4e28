/* SPDX-License-Identifier: MIT */
/*
 * Evicted pages on a disk that takes its time for each: faults that wait for
 * it wait together, and pages that are needed next are there before.
 */
#include "prefetch/prefetch.h"

#include <string.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/ending.h"
#include "prefetch/disk.h"

#define LIMIT_S 300

void prefetch_end(struct instance *instance, const char *what)
{
	ending_check_served(instance, what);
	ending_check(instance, false, HOME_MS, what);
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
