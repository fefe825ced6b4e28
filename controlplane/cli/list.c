// SPDX-License-Identifier: MIT
/* usmctl list - the instances, one line each. */
#include <stdio.h>

#include "call.h"
#include "command.h"
#include "common/size.h"
#include "direct.h"

static const char *text_at(const cJSON *object, const char *path)
{
	const cJSON *item = usm_json_at(object, path);

	return cJSON_IsString(item) ? item->valuestring : "-";
}

static void size_at(const cJSON *object, const char *path, char *text)
{
	const cJSON *item = usm_json_at(object, path);

	if (cJSON_IsNumber(item))
		usm_size_format((uint64_t)item->valuedouble, text,
				USM_SIZE_TEXT);
	else
		snprintf(text, USM_SIZE_TEXT, "-");
}

int usm_command_list(const struct usm_context *context, int nr, char **args)
{
	const cJSON *instance;
	cJSON *reply = NULL;
	int ret;

	(void)nr;
	(void)args;
	if (context->direct)
		return usm_direct_list();
	ret = usm_call(context, "GET", "/v1/instances", NULL, &reply);
	if (ret)
		return ret;
	printf("%-32s %-11s %-10s %8s %8s %8s %7s\n", "NAME", "STATE", "POLICY",
	       "OWNED", "MAPPED", "FREE", "MEMBERS");
	cJSON_ArrayForEach(instance, usm_json_at(reply, "instances")) {
		char owned[USM_SIZE_TEXT], mapped[USM_SIZE_TEXT];
		char free_bytes[USM_SIZE_TEXT];

		size_at(instance, "memory.owned", owned);
		size_at(instance, "memory.mapped", mapped);
		size_at(instance, "memory.free", free_bytes);
		printf("%-32s %-11s %-10s %8s %8s %8s %7d\n",
		       text_at(instance, "name"), text_at(instance, "state"),
		       text_at(instance, "config.policy.alloc"), owned, mapped,
		       free_bytes,
		       cJSON_GetArraySize(usm_json_at(instance, "members")));
	}
	cJSON_Delete(reply);
	return USM_EXIT_OK;
}
