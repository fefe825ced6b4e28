/* SPDX-License-Identifier: MIT */
/*
 * run.h - a test program that consists of tests with names, all of which run
 * unless one is asked for.
 */
#ifndef USM_VM_RUN_H
#define USM_VM_RUN_H

#include <stddef.h>

struct test {
	const char *name;
	void (*run)(int dev);
};

/*
 * Runs those of nr tests that the arguments name, each with the device open,
 * within so many seconds (check.h).  Returns the exit code of the program.
 */
int test_run(const struct test *tests, size_t nr, unsigned int seconds,
	     int argc, char **argv);

#endif /* USM_VM_RUN_H */
