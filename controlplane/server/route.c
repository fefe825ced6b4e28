// SPDX-License-Identifier: MIT
#include "route.h"

#include <stdio.h>
#include <string.h>

#include "common/name.h"
#include "pid.h"

#define MAX_SEGMENTS 5

/* The longest path of a call is under 64 bytes; more needs no copy. */
#define PATH_MAX_BYTES 128

struct method {
	const char *name;
	enum usm_call call;
};

static const struct resource {
	/* NULL ends it; "*" is the instance's name, "#" a process. */
	const char *segments[MAX_SEGMENTS + 1];
	struct method methods[3];
	const char *allow;
} resources[] = {
	{ { "v1", "instances" },
	  { { "GET", USM_CALL_LIST_INSTANCES },
	    { "POST", USM_CALL_CREATE_INSTANCE } },
	  "GET, HEAD, POST" },
	{ { "v1", "instances", "*" },
	  { { "GET", USM_CALL_GET_INSTANCE },
	    { "DELETE", USM_CALL_DELETE_INSTANCE } },
	  "DELETE, GET, HEAD" },
	{ { "v1", "instances", "*", "bindings" },
	  { { "GET", USM_CALL_LIST_BINDINGS },
	    { "POST", USM_CALL_CREATE_BINDING } },
	  "GET, HEAD, POST" },
	{ { "v1", "instances", "*", "bindings", "#" },
	  { { "GET", USM_CALL_GET_BINDING },
	    { "DELETE", USM_CALL_DELETE_BINDING } },
	  "DELETE, GET, HEAD" },
	{ { "v1", "stats" }, { { "GET", USM_CALL_STATS } }, "GET, HEAD" },
	{ { "v1", "info" }, { { "GET", USM_CALL_INFO } }, "GET, HEAD" },
	{ { "v1", "policies" }, { { "GET", USM_CALL_POLICIES } }, "GET, HEAD" },
	{ { "metrics" }, { { "GET", USM_CALL_METRICS } }, "GET, HEAD" },
	{ { "healthz" }, { { "GET", USM_CALL_HEALTHZ } }, "GET, HEAD" },
	{ { "readyz" }, { { "GET", USM_CALL_READYZ } }, "GET, HEAD" },
	{ { "openapi.yaml" }, { { "GET", USM_CALL_OPENAPI } }, "GET, HEAD" },
	{ { "instance.schema.json" },
	  { { "GET", USM_CALL_INSTANCE_SCHEMA } },
	  "GET, HEAD" },
};

#define NR_RESOURCES (sizeof(resources) / sizeof(resources[0]))

static size_t split(char *path, char *segments[MAX_SEGMENTS + 1])
{
	size_t nr = 0;

	while (*path == '/') {
		*path++ = 0;
		if (nr > MAX_SEGMENTS)
			return 0;
		segments[nr++] = path;
		path = path + strcspn(path, "/");
	}
	return *path ? 0 : nr;
}

/*
 * *impossible says what is not found when a name or a process number is one
 * that cannot exist.
 */
static bool matches(const struct resource *resource, char **segments, size_t nr,
		    struct usm_route *route, enum usm_problem_code *impossible)
{
	size_t i;

	for (i = 0; i < nr && resource->segments[i]; i++) {
		const char *want = resource->segments[i];

		if (!strcmp(want, "*")) {
			if (!*segments[i])
				return false;
			if (usm_name_valid(segments[i]))
				strcpy(route->instance, segments[i]);
			else
				*impossible = USM_PROBLEM_NO_SUCH_INSTANCE;
		} else if (!strcmp(want, "#")) {
			if (!*segments[i])
				return false;
			if (usm_pid_parse(segments[i], &route->pid) &&
			    !*impossible)
				*impossible = USM_PROBLEM_NOT_BOUND;
		} else if (strcmp(want, segments[i]) != 0) {
			return false;
		}
	}
	return i == nr && !resource->segments[i];
}

static int find_method(const struct resource *resource, const char *method,
		       enum usm_call *call)
{
	if (!strcmp(method, "HEAD"))
		method = "GET";
	for (size_t i = 0; resource->methods[i].name; i++) {
		if (!strcmp(method, resource->methods[i].name)) {
			*call = resource->methods[i].call;
			return 0;
		}
	}
	return -1;
}

int usm_route_find(const char *method, const char *path,
		   struct usm_route *route, const char **allow,
		   struct usm_problem *problem)
{
	char *segments[MAX_SEGMENTS + 1];
	char copy[PATH_MAX_BYTES];
	size_t nr = 0;

	*allow = NULL;
	if (strlen(path) < sizeof(copy)) {
		strcpy(copy, path);
		nr = split(copy, segments);
	}
	for (size_t i = 0; nr && i < NR_RESOURCES; i++) {
		enum usm_problem_code impossible = USM_PROBLEM_NONE;
		struct usm_route found = { 0 };

		if (!matches(&resources[i], segments, nr, &found, &impossible))
			continue;
		if (find_method(&resources[i], method, &found.call)) {
			*allow = resources[i].allow;
			return usm_problem_set(problem,
					       USM_PROBLEM_METHOD_NOT_ALLOWED,
					       "this path takes %s", *allow);
		}
		if (impossible)
			return usm_problem_set(problem, impossible,
					       "no such name or number exists");
		*route = found;
		return 0;
	}
	return usm_problem_set(problem, USM_PROBLEM_NO_SUCH_ROUTE,
			       "no call has this path");
}

bool usm_call_changes(enum usm_call call)
{
	return call == USM_CALL_CREATE_INSTANCE ||
	       call == USM_CALL_DELETE_INSTANCE ||
	       call == USM_CALL_CREATE_BINDING ||
	       call == USM_CALL_DELETE_BINDING;
}
