// SPDX-License-Identifier: MIT
#include "handle.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "calls/calls.h"

static const struct {
	usm_call_fn serve;
	bool takes_query; /* and checks it */
	bool takes_body;
} calls[USM_CALLS] = {
	[USM_CALL_LIST_INSTANCES] = { usm_call_list_instances, true, false },
	[USM_CALL_CREATE_INSTANCE] = { usm_call_create_instance, false, true },
	[USM_CALL_GET_INSTANCE] = { usm_call_get_instance, false, false },
	[USM_CALL_DELETE_INSTANCE] = { usm_call_delete_instance, false, false },
	[USM_CALL_LIST_BINDINGS] = { usm_call_list_bindings, false, false },
	[USM_CALL_CREATE_BINDING] = { usm_call_create_binding, false, true },
	[USM_CALL_GET_BINDING] = { usm_call_get_binding, false, false },
	[USM_CALL_DELETE_BINDING] = { usm_call_delete_binding, false, false },
	[USM_CALL_STATS] = { usm_call_stats, false, false },
	[USM_CALL_METRICS] = { usm_call_metrics, false, false },
	[USM_CALL_INFO] = { usm_call_info, false, false },
	[USM_CALL_POLICIES] = { usm_call_policies, false, false },
	[USM_CALL_HEALTHZ] = { usm_call_healthz, false, false },
	[USM_CALL_READYZ] = { usm_call_readyz, false, false },
	[USM_CALL_OPENAPI] = { usm_call_openapi, false, false },
	[USM_CALL_INSTANCE_SCHEMA] = { usm_call_instance_schema, false, false },
};

void usm_reply_clear(struct usm_reply *reply)
{
	free(reply->body);
	reply->body = NULL;
}

static bool is_json(const char *content_type)
{
	static const char json[] = "application/json";
	const char *rest;

	if (strncasecmp(content_type, json, sizeof(json) - 1) != 0)
		return false;
	rest = content_type + sizeof(json) - 1;
	return !rest[strspn(rest, " \t")] || rest[strspn(rest, " \t")] == ';';
}

static int check_request(struct usm_exchange *x,
			 const struct usm_request *request)
{
	struct usm_problem *problem = &x->reply.problem;

	if (usm_route_find(request->method, request->path, &x->route,
			   &x->reply.allow, problem))
		return -1;
	x->reply.change = usm_call_changes(x->route.call);
	if (request->nr_query && !calls[x->route.call].takes_query)
		return usm_problem_set(problem, USM_PROBLEM_INVALID_QUERY,
				       "this call takes no query parameters");
	if (request->body_too_large)
		return usm_problem_set(problem, USM_PROBLEM_BODY_TOO_LARGE,
				       "a body may have at most %d bytes",
				       USM_BODY_MAX);
	if (calls[x->route.call].takes_body && request->content_type &&
	    !is_json(request->content_type))
		return usm_problem_set(
			problem, USM_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
			"the body must be sent as application/json");
	return 0;
}

void usm_handle(const struct usm_service *service,
		const struct usm_request *request, usm_reply_fn reply,
		void *token)
{
	struct usm_reply none = { .status = 500 };
	struct usm_exchange *x = calloc(1, sizeof(*x));

	if (!x) {
		usm_problem_set(&none.problem, USM_PROBLEM_INTERNAL,
				"out of memory");
		reply(token, &none);
		return;
	}
	x->service = *service;
	x->send = reply;
	x->token = token;
	if (check_request(x, request))
		return usm_exchange_problem(x);
	calls[x->route.call].serve(x, request);
}
