// SPDX-License-Identifier: MIT
#include "handle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "binding_request.h"
#include "common/policy_files.h"
#include "render.h"

/* A request on its way; for create and destroy it outlives usm_handle(). */
struct exchange {
	struct usm_service service;
	struct usm_route route;
	struct usm_reply reply;
	usm_reply_fn send;
	void *token;
};

void usm_reply_clear(struct usm_reply *reply)
{
	cJSON_free(reply->body);
	reply->body = NULL;
}

static void send_reply(struct exchange *x)
{
	x->send(x->token, &x->reply);
	free(x);
}

/* Takes json over; NULL is memory running short, and the reply has no body. */
static void send_json(struct exchange *x, unsigned int status, cJSON *json)
{
	x->reply.status = status;
	x->reply.body = json ? cJSON_PrintUnformatted(json) : NULL;
	cJSON_Delete(json);
	if (!x->reply.body) {
		x->reply.status = 500;
		usm_problem_set(&x->reply.problem, USM_PROBLEM_INTERNAL,
				"out of memory");
	}
	send_reply(x);
}

/* The problem is in x->reply.problem. */
static void send_problem(struct exchange *x)
{
	x->reply.location[0] = 0;
	send_json(x, usm_problem_status(x->reply.problem.code),
		  usm_problem_render(&x->reply.problem));
}

static void list_instances(struct exchange *x)
{
	struct usm_cp_instance *instances = NULL;
	size_t nr = 0;
	cJSON *json;

	if (x->service.ops->list(x->service.manager, &instances, &nr,
				 &x->reply.problem))
		return send_problem(x);
	json = usm_render_instances(instances, nr);
	usm_cp_instances_free(instances, nr);
	send_json(x, 200, json);
}

static void stats(struct exchange *x)
{
	struct usm_cp_instance *instances = NULL;
	struct usm_cp_pool pool;
	size_t nr = 0;
	cJSON *json;

	if (x->service.ops->pool(x->service.manager, &pool,
				 &x->reply.problem) ||
	    x->service.ops->list(x->service.manager, &instances, &nr,
				 &x->reply.problem))
		return send_problem(x);
	json = usm_render_stats(&pool, instances, nr);
	usm_cp_instances_free(instances, nr);
	send_json(x, 200, json);
}

static void send_instance(struct exchange *x, unsigned int status)
{
	struct usm_cp_instance instance = { 0 };
	cJSON *json;

	if (x->service.ops->get(x->service.manager, x->route.instance,
				&instance, &x->reply.problem))
		return send_problem(x);
	json = usm_render_instance(&instance);
	usm_cp_instance_clear(&instance);
	send_json(x, status, json);
}

static void created(void *token, const struct usm_problem *problem)
{
	struct exchange *x = token;

	if (problem) {
		x->reply.problem = *problem;
		return send_problem(x);
	}
	snprintf(x->reply.location, sizeof(x->reply.location),
		 "/v1/instances/%s", x->route.instance);
	send_instance(x, 201);
}

static void destroyed(void *token, const struct usm_problem *problem)
{
	struct exchange *x = token;

	if (problem) {
		x->reply.problem = *problem;
		return send_problem(x);
	}
	x->reply.status = 204;
	send_reply(x);
}

/* Returns 0, or -1 with the problem filled in from a parser's verdict. */
static int body_problem(struct exchange *x, int verdict,
			const struct usm_config_error *err)
{
	if (!verdict)
		return 0;
	if (verdict == -ENOMEM)
		return usm_problem_set(&x->reply.problem, USM_PROBLEM_INTERNAL,
				       "out of memory");
	usm_problem_from_config(&x->reply.problem, err);
	return -1;
}

static void create_instance(struct exchange *x,
			    const struct usm_request *request)
{
	struct usm_config_error err = { 0 };
	struct usm_config config;
	int ret = usm_config_parse(request->body, request->body_len, &config,
				   &err);

	if (!ret)
		ret = usm_policy_files_check(&config, USM_POLICY_DIR, &err);
	if (body_problem(x, ret, &err))
		return send_problem(x);
	strcpy(x->route.instance, config.name);
	x->service.ops->create(x->service.manager, &config, created, x);
}

/* Sends the binding of pid, which has to be there. */
static void send_binding(struct exchange *x, pid_t pid, unsigned int status)
{
	struct usm_cp_instance instance = { 0 };
	cJSON *json = NULL;
	bool found = false;

	if (x->service.ops->get(x->service.manager, x->route.instance,
				&instance, &x->reply.problem))
		return send_problem(x);
	for (size_t i = 0; !found && i < instance.nr_members; i++) {
		found = instance.members[i].pid == pid;
		if (found)
			json = usm_render_member(&instance.members[i]);
	}
	usm_cp_instance_clear(&instance);
	if (found)
		return send_json(x, status, json);
	usm_problem_set(&x->reply.problem, USM_PROBLEM_NOT_BOUND,
			"process %d is not bound to instance \"%s\"", (int)pid,
			x->route.instance);
	send_problem(x);
}

static void list_bindings(struct exchange *x)
{
	struct usm_cp_instance instance = { 0 };
	cJSON *json;

	if (x->service.ops->get(x->service.manager, x->route.instance,
				&instance, &x->reply.problem))
		return send_problem(x);
	json = usm_render_bindings(&instance);
	usm_cp_instance_clear(&instance);
	send_json(x, 200, json);
}

static void create_binding(struct exchange *x,
			   const struct usm_request *request)
{
	struct usm_binding_request wanted;
	struct usm_config_error err = { 0 };
	int ret = usm_binding_request_parse(request->body, request->body_len,
					    &wanted, &err);

	if (body_problem(x, ret, &err) ||
	    x->service.ops->bind(x->service.manager, x->route.instance,
				 &request->peer, wanted.pid, wanted.inherit,
				 &x->reply.problem))
		return send_problem(x);
	snprintf(x->reply.location, sizeof(x->reply.location),
		 "/v1/instances/%s/bindings/%d", x->route.instance,
		 (int)wanted.pid);
	send_binding(x, wanted.pid, 201);
}

static void delete_binding(struct exchange *x,
			   const struct usm_request *request)
{
	if (x->service.ops->unbind(x->service.manager, x->route.instance,
				   &request->peer, x->route.pid,
				   &x->reply.problem))
		return send_problem(x);
	x->reply.status = 204;
	send_reply(x);
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

static int check_request(struct exchange *x, const struct usm_request *request)
{
	struct usm_problem *problem = &x->reply.problem;

	if (usm_route_find(request->method, request->path, &x->route,
			   &x->reply.allow, problem))
		return -1;
	x->reply.change = usm_call_changes(x->route.call);
	if (request->has_query)
		return usm_problem_set(problem, USM_PROBLEM_INVALID_QUERY,
				       "this call takes no query parameters");
	if (request->body_too_large)
		return usm_problem_set(problem, USM_PROBLEM_BODY_TOO_LARGE,
				       "a body may have at most %d bytes",
				       USM_BODY_MAX);
	if ((x->route.call == USM_CALL_CREATE_INSTANCE ||
	     x->route.call == USM_CALL_CREATE_BINDING) &&
	    request->content_type && !is_json(request->content_type))
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
	struct exchange *x = calloc(1, sizeof(*x));

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
		return send_problem(x);
	switch (x->route.call) {
	case USM_CALL_LIST_INSTANCES:
		return list_instances(x);
	case USM_CALL_CREATE_INSTANCE:
		return create_instance(x, request);
	case USM_CALL_GET_INSTANCE:
		return send_instance(x, 200);
	case USM_CALL_DELETE_INSTANCE:
		service->ops->destroy(service->manager, x->route.instance,
				      destroyed, x);
		return;
	case USM_CALL_LIST_BINDINGS:
		return list_bindings(x);
	case USM_CALL_CREATE_BINDING:
		return create_binding(x, request);
	case USM_CALL_GET_BINDING:
		return send_binding(x, x->route.pid, 200);
	case USM_CALL_DELETE_BINDING:
		return delete_binding(x, request);
	case USM_CALL_STATS:
		return stats(x);
	}
}
