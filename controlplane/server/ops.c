// SPDX-License-Identifier: MIT
#include "ops.h"

#include <stdlib.h>

void usm_cp_instance_clear(struct usm_cp_instance *instance)
{
	free(instance->members);
	instance->members = NULL;
	instance->nr_members = 0;
}

void usm_cp_instances_free(struct usm_cp_instance *instances, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		usm_cp_instance_clear(&instances[i]);
	free(instances);
}

const char *usm_cp_state_name(enum usm_cp_state state)
{
	static const char *const names[USM_CP_STATES] = {
		[USM_CP_STARTING] = "starting",
		[USM_CP_RUNNING] = "running",
		[USM_CP_RECOVERING] = "recovering",
		[USM_CP_QUARANTINED] = "quarantined",
		[USM_CP_DRAINING] = "draining",
		[USM_CP_FAILED] = "failed",
		[USM_CP_STOPPED] = "stopped",
	};

	return names[state];
}
