/* SPDX-License-Identifier: MIT */
/*
 * Frames given ahead by usm-instance: fewer questions, the same data, and no
 * frame lost, whatever happens to the daemon.
 */
#include <string.h>
#include <unistd.h>

#include "ahead.h"
#include "common/client.h"
#include "lib/check.h"

#define LIMIT_S 110

void ahead_end(struct instance *instance, const char *what)
{
	check(instance_all_free(instance->dev, instance->id, true, HOME_MS),
	      "%s: every frame is free again", what);
	check_eq(instance_stop(instance), 0, "%s: the daemon ends", what);
	/* A managed one outlives it. */
	usm_client_destroy(instance->dev, instance->id);
	check(instance_gone(instance->dev, instance->id, HOME_MS),
	      "%s: the instance is gone", what);
}

static const struct {
	const char *name;
	void (*run)(int dev);
} tests[] = {
	{ "policies", test_policies },
	{ "killed", test_killed },
	{ "pressure", test_pressure },
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
