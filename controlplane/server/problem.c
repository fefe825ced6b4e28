// SPDX-License-Identifier: MIT
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>

/* The prefix of every problem type; it names, it need not resolve. */
#define TYPE_PREFIX "urn:usm:problem:"

static const struct {
	unsigned int status;
	const char *name;
	const char *title;
} problems[USM_PROBLEM_CODES] = {
	[USM_PROBLEM_NONE] = { 500, "internal", "Internal error" },
	[USM_PROBLEM_MALFORMED_JSON] = { 400, "malformed-json",
					 "The body is not valid JSON" },
	[USM_PROBLEM_INVALID_FIELD] = { 400, "invalid-field",
					"A field of the body is wrong" },
	[USM_PROBLEM_INVALID_QUERY] = { 400, "invalid-query",
					"This call takes no such parameter" },
	[USM_PROBLEM_PERMISSION_DENIED] = { 403, "permission-denied",
					    "Not permitted" },
	[USM_PROBLEM_NO_SUCH_ROUTE] = { 404, "no-such-route",
					"There is nothing at this path" },
	[USM_PROBLEM_NO_SUCH_INSTANCE] = { 404, "no-such-instance",
					   "No such instance" },
	[USM_PROBLEM_NOT_BOUND] = { 404, "not-bound",
				    "The process is not bound here" },
	[USM_PROBLEM_METHOD_NOT_ALLOWED] = { 405, "method-not-allowed",
					     "Method not allowed" },
	[USM_PROBLEM_NAME_TAKEN] = { 409, "name-taken", "Name already taken" },
	[USM_PROBLEM_POOL_TOO_FULL] = { 409, "pool-too-full",
					"Not enough pool left" },
	[USM_PROBLEM_INSTANCE_BUSY] = { 409, "instance-busy",
					"The instance is starting or ending" },
	[USM_PROBLEM_INSTANCE_IN_USE] = { 409, "instance-in-use",
					  "Processes are bound" },
	[USM_PROBLEM_NOT_MANAGED] = { 409, "not-managed",
				      "Not started by this manager" },
	[USM_PROBLEM_ALREADY_BOUND] = { 409, "already-bound",
					"The process is already bound" },
	[USM_PROBLEM_BODY_TOO_LARGE] = { 413, "body-too-large",
					 "Body too large" },
	[USM_PROBLEM_UNSUPPORTED_MEDIA_TYPE] = { 415, "unsupported-media-type",
						 "Unsupported media type" },
	[USM_PROBLEM_NO_SUCH_PROCESS] = { 422, "no-such-process",
					  "No such process" },
	[USM_PROBLEM_TOO_MANY_INSTANCES] = { 409, "too-many-instances",
					     "Too many instances" },
	[USM_PROBLEM_CGROUP_FAILED] = { 500, "cgroup-failed",
					"The cgroup could not be set up" },
	[USM_PROBLEM_START_FAILED] = { 500, "start-failed",
				       "The instance did not start" },
	[USM_PROBLEM_SHUTTING_DOWN] = { 503, "shutting-down",
					"The manager is shutting down" },
	[USM_PROBLEM_NOT_READY] = { 503, "not-ready", "Not ready" },
	[USM_PROBLEM_INTERNAL] = { 500, "internal", "Internal error" },
};

unsigned int usm_problem_status(enum usm_problem_code code)
{
	return problems[code].status;
}

const char *usm_problem_name(enum usm_problem_code code)
{
	return problems[code].name;
}

int usm_problem_set(struct usm_problem *problem, enum usm_problem_code code,
		    const char *format, ...)
{
	va_list args;

	problem->code = code;
	problem->field[0] = 0;
	va_start(args, format);
	vsnprintf(problem->detail, sizeof(problem->detail), format, args);
	va_end(args);
	return -1;
}

void usm_problem_from_config(struct usm_problem *problem,
			     const struct usm_config_error *err)
{
	if (!err->field[0]) {
		usm_problem_set(problem, USM_PROBLEM_MALFORMED_JSON, "%s",
				err->reason);
		return;
	}
	usm_problem_set(problem, USM_PROBLEM_INVALID_FIELD, "%s: %s",
			err->field, err->reason);
	snprintf(problem->field, sizeof(problem->field), "%s", err->field);
}

cJSON *usm_problem_render(const struct usm_problem *problem)
{
	char type[64];
	cJSON *root = cJSON_CreateObject();

	snprintf(type, sizeof(type), TYPE_PREFIX "%s",
		 problems[problem->code].name);
	if (root && cJSON_AddStringToObject(root, "type", type) &&
	    cJSON_AddStringToObject(root, "title",
				    problems[problem->code].title) &&
	    cJSON_AddNumberToObject(root, "status",
				    problems[problem->code].status) &&
	    cJSON_AddStringToObject(root, "code",
				    problems[problem->code].name) &&
	    cJSON_AddStringToObject(root, "detail", problem->detail) &&
	    (!problem->field[0] ||
	     cJSON_AddStringToObject(root, "field", problem->field)))
		return root;
	cJSON_Delete(root);
	return NULL;
}
