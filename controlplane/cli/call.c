// SPDX-License-Identifier: MIT
#include "call.h"

#include <errno.h>
#include <string.h>

#include "client.h"

static int explain(const char *body, long status)
{
	cJSON *problem = cJSON_Parse(body);
	const cJSON *detail =
		cJSON_GetObjectItemCaseSensitive(problem, "detail");

	if (cJSON_IsString(detail))
		usm_say("%s", detail->valuestring);
	else
		usm_say("the manager answered with status %ld", status);
	cJSON_Delete(problem);
	return usm_exit_from_status(status);
}

int usm_call(const struct usm_context *context, const char *method,
	     const char *path, const char *json, cJSON **reply)
{
	struct usm_answer answer = { 0 };
	cJSON *parsed = NULL;
	char why[128] = "";
	int ret = usm_request(context->socket, method, path, json, &answer, why,
			      sizeof(why));

	if (ret == -ENOMEM) {
		usm_say("out of memory");
		return USM_EXIT_FAILED;
	}
	if (ret) {
		usm_say("no manager answers on %s: %s", context->socket, why);
		return USM_EXIT_UNREACHABLE;
	}
	ret = usm_exit_from_status(answer.status);
	if (ret)
		ret = explain(answer.body, answer.status);
	else if (reply)
		parsed = cJSON_Parse(answer.body);
	usm_answer_clear(&answer);
	if (ret || !reply)
		return ret;
	if (!parsed) {
		usm_say("the manager's answer is not JSON");
		return USM_EXIT_FAILED;
	}
	*reply = parsed;
	return USM_EXIT_OK;
}

const cJSON *usm_json_at(const cJSON *object, const char *path)
{
	char key[32];

	while (object) {
		size_t len = strcspn(path, ".");

		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = 0;
		object = cJSON_GetObjectItemCaseSensitive(object, key);
		if (!path[len])
			return object;
		path += len + 1;
	}
	return NULL;
}
