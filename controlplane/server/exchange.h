/* SPDX-License-Identifier: MIT */
/*
 * exchange.h - a request on its way to its reply.
 *
 * Every call ends in exactly one of the functions below, which send the reply
 * and free the exchange; nothing of it may be touched afterwards.
 */
#ifndef USM_CONTROLPLANE_EXCHANGE_H
#define USM_CONTROLPLANE_EXCHANGE_H

#include <cjson/cJSON.h>

#include "handle.h"

/* For what takes time it outlives usm_handle(); the request does not. */
struct usm_exchange {
	struct usm_service service;
	struct usm_route route;
	struct usm_reply reply;
	usm_reply_fn send;
	void *token;
};

/* Replies with a status and no body. */
void usm_exchange_empty(struct usm_exchange *x, unsigned int status);

/*
 * Replies with JSON.  Takes json over; NULL is memory running short, and
 * becomes a 500 without a body.
 */
void usm_exchange_json(struct usm_exchange *x, unsigned int status,
		       cJSON *json);

/* Replies 200 with text of a type, a literal.  Takes text (malloc) over; NULL as above. */
void usm_exchange_text(struct usm_exchange *x, const char *type, char *text);

/* Replies with the problem in x->reply.problem. */
void usm_exchange_problem(struct usm_exchange *x);

/*
 * What a parser said of the body: true when it is fine, else the problem is
 * filled in.  verdict: 0, -ENOMEM, or -EINVAL with err filled.
 */
bool usm_exchange_body_fine(struct usm_exchange *x, int verdict,
			    const struct usm_config_error *err);

#endif /* USM_CONTROLPLANE_EXCHANGE_H */
