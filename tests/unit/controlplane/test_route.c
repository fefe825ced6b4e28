// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <string.h>

#include "server/route.h"

static struct usm_route found(const char *method, const char *path)
{
	struct usm_problem problem;
	struct usm_route route;
	const char *allow;

	cr_assert_eq(usm_route_find(method, path, &route, &allow, &problem), 0,
		     "%s %s", method, path);
	cr_assert_null(allow);
	return route;
}

static void refused(const char *method, const char *path,
		    enum usm_problem_code code, const char *allowed)
{
	struct usm_problem problem;
	struct usm_route route;
	const char *allow;

	cr_assert_eq(usm_route_find(method, path, &route, &allow, &problem), -1,
		     "%s %s", method, path);
	cr_assert_eq(problem.code, code, "%s %s: %s", method, path,
		     usm_problem_name(problem.code));
	if (allowed)
		cr_assert_str_eq(allow, allowed);
	else
		cr_assert_null(allow);
}

Test(route, finds_every_call)
{
	struct usm_route route;

	cr_assert_eq(found("GET", "/v1/instances").call,
		     USM_CALL_LIST_INSTANCES);
	cr_assert_eq(found("POST", "/v1/instances").call,
		     USM_CALL_CREATE_INSTANCE);
	cr_assert_eq(found("GET", "/v1/stats").call, USM_CALL_STATS);
	cr_assert_eq(found("GET", "/metrics").call, USM_CALL_METRICS);
	cr_assert_eq(found("HEAD", "/readyz").call, USM_CALL_READYZ);
	route = found("DELETE", "/v1/instances/a-1");
	cr_assert_eq(route.call, USM_CALL_DELETE_INSTANCE);
	cr_assert_str_eq(route.instance, "a-1");
	route = found("POST", "/v1/instances/bindings/bindings");
	cr_assert_eq(route.call, USM_CALL_CREATE_BINDING);
	cr_assert_str_eq(route.instance, "bindings");
	route = found("DELETE", "/v1/instances/b/bindings/4194304");
	cr_assert_eq(route.call, USM_CALL_DELETE_BINDING);
	cr_assert_eq(route.pid, 4194304);
	cr_assert_eq(found("HEAD", "/v1/instances/b/bindings").call,
		     USM_CALL_LIST_BINDINGS);
}

Test(route, knows_which_calls_change_something)
{
	cr_assert(usm_call_changes(USM_CALL_CREATE_BINDING));
	cr_assert(usm_call_changes(USM_CALL_DELETE_INSTANCE));
	cr_assert_not(usm_call_changes(USM_CALL_STATS));
	cr_assert_not(usm_call_changes(USM_CALL_GET_BINDING));
}

Test(route, refuses_paths_that_are_none)
{
	static const char *const wrong[] = { "",
					     "/",
					     "*",
					     "v1/stats",
					     "/v1",
					     "/v1/",
					     "/v1/stats/",
					     "/v1//stats",
					     "/v1/stats/x",
					     "/V1/stats",
					     "/v1/instances/",
					     "/v1/instances//bindings",
					     "/v1/instances/a/bindings/",
					     "/v1/instances/a/bindings/1/2",
					     "/a/b/c/d/e/f/g/h/i/j" };
	char longest[4096];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refused("GET", wrong[i], USM_PROBLEM_NO_SUCH_ROUTE, NULL);
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	refused("GET", longest, USM_PROBLEM_NO_SUCH_ROUTE, NULL);
}

Test(route, tells_the_methods_there_are)
{
	refused("PUT", "/v1/stats", USM_PROBLEM_METHOD_NOT_ALLOWED,
		"GET, HEAD");
	refused("get", "/v1/stats", USM_PROBLEM_METHOD_NOT_ALLOWED,
		"GET, HEAD");
	refused("POST", "/v1/instances/a", USM_PROBLEM_METHOD_NOT_ALLOWED,
		"DELETE, GET, HEAD");
	refused("", "/v1/instances", USM_PROBLEM_METHOD_NOT_ALLOWED,
		"GET, HEAD, POST");
}

Test(route, takes_no_name_for_another)
{
	refused("GET", "/v1/instances/A", USM_PROBLEM_NO_SUCH_INSTANCE, NULL);
	refused("GET", "/v1/instances/a%00", USM_PROBLEM_NO_SUCH_INSTANCE,
		NULL);
	refused("GET", "/v1/instances/..", USM_PROBLEM_NO_SUCH_INSTANCE, NULL);
	refused("DELETE", "/v1/instances/a/bindings/0", USM_PROBLEM_NOT_BOUND,
		NULL);
	refused("DELETE", "/v1/instances/a/bindings/01", USM_PROBLEM_NOT_BOUND,
		NULL);
	refused("DELETE", "/v1/instances/a/bindings/4194305",
		USM_PROBLEM_NOT_BOUND, NULL);
	refused("DELETE", "/v1/instances/a/bindings/99999999999",
		USM_PROBLEM_NOT_BOUND, NULL);
}
