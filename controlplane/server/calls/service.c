// SPDX-License-Identifier: MIT
#include <string.h>

#include "calls.h"
#include "common/policy_files.h"
#include "server/documents.h"
#include "server/render_service.h"

static void send_status(struct usm_exchange *x, const char *status)
{
	cJSON *json = cJSON_CreateObject();

	if (json && !cJSON_AddStringToObject(json, "status", status)) {
		cJSON_Delete(json);
		json = NULL;
	}
	usm_exchange_json(x, 200, json);
}

void usm_call_healthz(struct usm_exchange *x, const struct usm_request *request)
{
	(void)request;
	send_status(x, "ok");
}

void usm_call_readyz(struct usm_exchange *x, const struct usm_request *request)
{
	(void)request;
	if (x->service.ops->ready(x->service.manager, &x->reply.problem))
		return usm_exchange_problem(x);
	send_status(x, "ready");
}

void usm_call_info(struct usm_exchange *x, const struct usm_request *request)
{
	struct usm_cp_info info;

	(void)request;
	if (x->service.ops->info(x->service.manager, &info, &x->reply.problem))
		return usm_exchange_problem(x);
	usm_exchange_json(x, 200, usm_render_info(&info));
}

void usm_call_policies(struct usm_exchange *x,
		       const struct usm_request *request)
{
	(void)request;
	usm_exchange_json(x, 200, usm_render_policies(USM_POLICY_DIR));
}

void usm_call_openapi(struct usm_exchange *x, const struct usm_request *request)
{
	(void)request;
	usm_exchange_text(x, "application/yaml", strdup(usm_document_openapi));
}

void usm_call_instance_schema(struct usm_exchange *x,
			      const struct usm_request *request)
{
	(void)request;
	usm_exchange_text(x, "application/schema+json",
			  strdup(usm_document_instance_schema));
}
