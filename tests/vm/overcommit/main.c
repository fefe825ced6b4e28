/* SPDX-License-Identifier: MIT */
/*
 * Tenants that touch twice what their partition has, served by usm-instance
 * with a swap file: every word is right, all of the time.
 */

#include "lib/check.h"
#include "lib/ending.h"
#include "lib/run.h"
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
	/* A managed one outlives its daemon. */
	ending_check(instance, true, HOME_MS, what);
}

void overcommit_end_right(struct instance *instance, const char *what)
{
	struct usm_instance_info info;

	require(!instance_info(instance->dev, instance->id, &info),
		"%s: it is there", what);
	check_eq(info.bad_commands, 0, "%s: every answer was right", what);
	overcommit_end(instance, what);
}

static const struct test tests[] = {
	{ "plain", test_plain },
	{ "killed", test_killed },
	{ "resized", test_resized },
	{ "redis", test_redis },
};

int main(int argc, char **argv)
{
	return test_run(tests, sizeof(tests) / sizeof(tests[0]), LIMIT_S, argc,
			argv);
}
