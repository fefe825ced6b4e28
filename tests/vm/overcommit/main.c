/* SPDX-License-Identifier: MIT */
/*
 * Tenants that touch twice what their partition has, served by usm-instance
 * with a swap file: every word is right, all of the time.
 */
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/wait.h"
#include "overcommit.h"

#define LIMIT_S 500

static bool nothing_out(int dev, uint32_t id)
{
	struct usm_instance_info info;

	return !instance_info(dev, id, &info) && !info.evicted;
}

void overcommit_end(struct instance *instance, const char *what)
{
	struct usm_instance_info info;

	require(!instance_info(instance->dev, instance->id, &info),
		"%s: it is there", what);
	if (!check_eq(instance_fallbacks(&info), 0,
		      "%s: no page is the kernel's own", what))
		for (unsigned int i = 0; i < USM_FALLBACK_REASONS; i++)
			test_note("reason %u: %llu", i, info.fallbacks[i]);
	check(wait_until(HOME_MS, nothing_out(instance->dev, instance->id)),
	      "%s: no page is out any more", what);
	check(instance_all_free(instance->dev, instance->id, true, HOME_MS),
	      "%s: every frame is free again", what);
	check_eq(instance_stop(instance), 0, "%s: the daemon ends", what);
	/* A managed one outlives it. */
	usm_client_destroy(instance->dev, instance->id);
	check(instance_gone(instance->dev, instance->id, HOME_MS),
	      "%s: the instance is gone", what);
}

void overcommit_end_right(struct instance *instance, const char *what)
{
	struct usm_instance_info info;

	require(!instance_info(instance->dev, instance->id, &info),
		"%s: it is there", what);
	check_eq(info.bad_commands, 0, "%s: every answer was right", what);
	overcommit_end(instance, what);
}

static const struct {
	const char *name;
	void (*run)(int dev);
} tests[] = {
	{ "plain", test_plain },
	{ "killed", test_killed },
	{ "resized", test_resized },
	{ "redis", test_redis },
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
