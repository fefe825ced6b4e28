/* SPDX-License-Identifier: MIT */
/*
 * Frames given ahead by usm-instance: fewer questions, the same data, and no
 * frame lost, whatever happens to the daemon.
 */
#include "ahead.h"

#include "lib/ending.h"
#include "lib/run.h"

#define LIMIT_S 110

void ahead_end(struct instance *instance, const char *what)
{
	/* A managed one outlives its daemon. */
	ending_check(instance, true, HOME_MS, what);
}

static const struct test tests[] = {
	{ "policies", test_policies },
	{ "killed", test_killed },
	{ "pressure", test_pressure },
};

int main(int argc, char **argv)
{
	return test_run(tests, sizeof(tests) / sizeof(tests[0]), LIMIT_S, argc,
			argv);
}
