// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "common/policy_files.h"
#include "server/paging.h"
#include "server/render.h"

void usm_call_list_instances(struct usm_exchange *x,
			     const struct usm_request *request)
{
	struct usm_cp_instance *instances = NULL;
	struct usm_paging paging;
	size_t nr = 0;
	cJSON *json;

	if (usm_paging_parse(request->query, request->nr_query, &paging,
			     &x->reply.problem) ||
	    x->service.ops->list(x->service.manager, &instances, &nr,
				 &x->reply.problem))
		return usm_exchange_problem(x);
	json = usm_render_instances(instances, nr, &paging);
	usm_cp_instances_free(instances, nr);
	usm_exchange_json(x, 200, json);
}

static void send_instance(struct usm_exchange *x, unsigned int status)
{
	struct usm_cp_instance instance = { 0 };
	cJSON *json;

	if (x->service.ops->get(x->service.manager, x->route.instance,
				&instance, &x->reply.problem))
		return usm_exchange_problem(x);
	json = usm_render_instance(&instance);
	usm_cp_instance_clear(&instance);
	usm_exchange_json(x, status, json);
}

/* usm_cp_done */
static void created(void *token, const struct usm_problem *problem)
{
	struct usm_exchange *x = token;

	if (problem) {
		x->reply.problem = *problem;
		return usm_exchange_problem(x);
	}
	snprintf(x->reply.location, sizeof(x->reply.location),
		 "/v1/instances/%s", x->route.instance);
	send_instance(x, 201);
}

void usm_call_create_instance(struct usm_exchange *x,
			      const struct usm_request *request)
{
	struct usm_config_error err = { 0 };
	struct usm_config config;
	int ret = usm_config_parse(request->body, request->body_len, &config,
				   &err);

	if (!ret)
		ret = usm_policy_files_check(&config, USM_POLICY_DIR, &err);
	if (!usm_exchange_body_fine(x, ret, &err))
		return usm_exchange_problem(x);
	strcpy(x->route.instance, config.name);
	x->service.ops->create(x->service.manager, &config, created, x);
}

void usm_call_get_instance(struct usm_exchange *x,
			   const struct usm_request *request)
{
	(void)request;
	send_instance(x, 200);
}

/* usm_cp_done */
static void destroyed(void *token, const struct usm_problem *problem)
{
	struct usm_exchange *x = token;

	if (problem) {
		x->reply.problem = *problem;
		return usm_exchange_problem(x);
	}
	usm_exchange_empty(x, 204);
}

void usm_call_delete_instance(struct usm_exchange *x,
			      const struct usm_request *request)
{
	(void)request;
	x->service.ops->destroy(x->service.manager, x->route.instance,
				destroyed, x);
}
