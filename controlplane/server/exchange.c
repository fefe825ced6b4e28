// SPDX-License-Identifier: MIT
#include "exchange.h"

#include <errno.h>
#include <stdlib.h>

static void send_reply(struct usm_exchange *x)
{
	x->send(x->token, &x->reply);
	free(x);
}

void usm_exchange_empty(struct usm_exchange *x, unsigned int status)
{
	x->reply.status = status;
	send_reply(x);
}

static void send_body(struct usm_exchange *x, unsigned int status,
		      const char *type, char *body)
{
	x->reply.status = status;
	x->reply.content_type = type;
	x->reply.body = body;
	if (!body) {
		x->reply.status = 500;
		usm_problem_set(&x->reply.problem, USM_PROBLEM_INTERNAL,
				"out of memory");
	}
	send_reply(x);
}

static void send_json(struct usm_exchange *x, unsigned int status,
		      const char *type, cJSON *json)
{
	char *body = json ? cJSON_PrintUnformatted(json) : NULL;

	cJSON_Delete(json);
	send_body(x, status, type, body);
}

void usm_exchange_json(struct usm_exchange *x, unsigned int status, cJSON *json)
{
	send_json(x, status, "application/json", json);
}

void usm_exchange_text(struct usm_exchange *x, const char *type, char *text)
{
	send_body(x, 200, type, text);
}

void usm_exchange_problem(struct usm_exchange *x)
{
	x->reply.location[0] = 0;
	send_json(x, usm_problem_status(x->reply.problem.code),
		  "application/problem+json",
		  usm_problem_render(&x->reply.problem));
}

bool usm_exchange_body_fine(struct usm_exchange *x, int verdict,
			    const struct usm_config_error *err)
{
	if (!verdict)
		return true;
	if (verdict == -ENOMEM)
		usm_problem_set(&x->reply.problem, USM_PROBLEM_INTERNAL,
				"out of memory");
	else
		usm_problem_from_config(&x->reply.problem, err);
	return false;
}
