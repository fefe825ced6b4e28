/* SPDX-License-Identifier: MIT */
#include "lib/run.h"

#include <string.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/instance.h"

int test_run(const struct test *tests, size_t nr, unsigned int seconds,
	     int argc, char **argv)
{
	size_t i;
	int dev;

	test_begin(seconds);
	dev = device_open();
	for (i = 0; i < nr; i++)
		if (argc < 2 || !strcmp(argv[1], tests[i].name))
			tests[i].run(dev);
	close(dev);
	return test_end();
}
