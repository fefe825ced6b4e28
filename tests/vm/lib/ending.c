/* SPDX-License-Identifier: MIT */
#include "lib/ending.h"

#include "common/client.h"
#include "lib/check.h"

void ending_check_served(const struct instance *instance, const char *what)
{
	struct usm_instance_info info;

	require(!instance_info(instance->dev, instance->id, &info),
		"%s: it is there", what);
	check_eq(instance_fallbacks(&info), 0,
		 "%s: no page is the kernel's own", what);
	check_eq(info.bad_commands, 0, "%s: every answer was right", what);
}

void ending_check(struct instance *instance, bool outlives,
		  unsigned int home_ms, const char *what)
{
	check(instance_all_free(instance->dev, instance->id, true, home_ms),
	      "%s: every frame is free again", what);
	check_eq(instance_stop(instance), 0, "%s: the daemon ends", what);
	if (outlives)
		usm_client_destroy(instance->dev, instance->id);
	check(instance_gone(instance->dev, instance->id, home_ms),
	      "%s: the instance is gone", what);
}
