/* SPDX-License-Identifier: MIT */
#include "instance/processes/policies.h"

#include <stdio.h>

#include "instance/evict/pager_policy.h"

/* "processes[15]" */
#define FIELD_SIZE 24

int usm_process_policies_open(struct usm_process_policies *out,
			      const struct usm_config_processes *processes,
			      const struct usm_trusted *where,
			      struct usm_failure *failure)
{
	unsigned int i;
	int err = 0;

	*out = (struct usm_process_policies){ .processes = processes };
	for (i = 0; i < processes->nr && !err; i++) {
		const char *name = processes->process[i].evict_policy;
		char field[FIELD_SIZE + sizeof(".evict")];

		snprintf(field, sizeof(field), "processes[%u].evict", i);
		if (*name)
			err = usm_named_policy_open(&out->policy[i],
						    USM_POLICY_EVICT, field,
						    name, where, failure);
	}
	return err;
}

int usm_process_policies_load(struct usm_process_policies *policies,
			      struct usm_failure *failure)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < policies->processes->nr && !err; i++)
		if (policies->policy[i].kind)
			err = usm_named_policy_load(&policies->policy[i],
						    failure);
	return err;
}

int usm_process_policies_apply(const struct usm_process_policies *policies,
			       struct usm_pager *pager,
			       struct usm_failure *failure)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < policies->processes->nr && !err; i++) {
		const struct usm_config_process *process =
			&policies->processes->process[i];
		char field[FIELD_SIZE];
		const struct usm_group_options options = {
			.field = field,
			.policy = policies->policy[i].evict,
			.settings = &process->evict_options,
			.priority = process->priority,
		};

		snprintf(field, sizeof(field), "processes[%u]", i);
		err = usm_pager_add_group(pager, &options, failure);
	}
	return err;
}

void usm_process_policies_close(struct usm_process_policies *policies)
{
	unsigned int i;

	for (i = 0; i < USM_PROCESSES_MAX; i++)
		usm_named_policy_close(&policies->policy[i]);
	policies->processes = NULL;
}
