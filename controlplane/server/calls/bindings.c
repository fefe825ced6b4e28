// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "calls.h"
#include "server/binding_request.h"
#include "server/render.h"

/* Sends the binding of pid, which has to be there. */
static void send_binding(struct usm_exchange *x, pid_t pid, unsigned int status)
{
	struct usm_cp_instance instance = { 0 };
	cJSON *json = NULL;
	bool found = false;

	if (x->service.ops->get(x->service.manager, x->route.instance,
				&instance, &x->reply.problem))
		return usm_exchange_problem(x);
	for (size_t i = 0; !found && i < instance.nr_members; i++) {
		found = instance.members[i].pid == pid;
		if (found)
			json = usm_render_member(&instance.members[i]);
	}
	usm_cp_instance_clear(&instance);
	if (found)
		return usm_exchange_json(x, status, json);
	usm_problem_set(&x->reply.problem, USM_PROBLEM_NOT_BOUND,
			"process %d is not bound to instance \"%s\"", (int)pid,
			x->route.instance);
	usm_exchange_problem(x);
}

void usm_call_list_bindings(struct usm_exchange *x,
			    const struct usm_request *request)
{
	struct usm_cp_instance instance = { 0 };
	cJSON *json;

	(void)request;
	if (x->service.ops->get(x->service.manager, x->route.instance,
				&instance, &x->reply.problem))
		return usm_exchange_problem(x);
	json = usm_render_bindings(&instance);
	usm_cp_instance_clear(&instance);
	usm_exchange_json(x, 200, json);
}

void usm_call_create_binding(struct usm_exchange *x,
			     const struct usm_request *request)
{
	struct usm_binding_request wanted;
	struct usm_config_error err = { 0 };
	int ret = usm_binding_request_parse(request->body, request->body_len,
					    &wanted, &err);

	if (!usm_exchange_body_fine(x, ret, &err) ||
	    x->service.ops->bind(x->service.manager, x->route.instance,
				 &request->peer, wanted.pid, wanted.inherit,
				 &x->reply.problem))
		return usm_exchange_problem(x);
	snprintf(x->reply.location, sizeof(x->reply.location),
		 "/v1/instances/%s/bindings/%d", x->route.instance,
		 (int)wanted.pid);
	send_binding(x, wanted.pid, 201);
}

void usm_call_get_binding(struct usm_exchange *x,
			  const struct usm_request *request)
{
	(void)request;
	send_binding(x, x->route.pid, 200);
}

void usm_call_delete_binding(struct usm_exchange *x,
			     const struct usm_request *request)
{
	if (x->service.ops->unbind(x->service.manager, x->route.instance,
				   &request->peer, x->route.pid,
				   &x->reply.problem))
		return usm_exchange_problem(x);
	usm_exchange_empty(x, 204);
}
