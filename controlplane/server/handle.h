/* SPDX-License-Identifier: MIT */
/*
 * handle.h - one request in, one reply out, without any socket.
 */
#ifndef USM_CONTROLPLANE_HANDLE_H
#define USM_CONTROLPLANE_HANDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "ops.h"
#include "paging.h"
#include "problem.h"
#include "route.h"

/* A body is a small object; anything larger is a mistake or an attack. */
#define USM_BODY_MAX 65536

/* The manager and how to ask it. */
struct usm_service {
	const struct usm_cp_ops *ops;
	void *manager;
};

struct usm_request {
	const char *method;
	const char *path;
	const struct usm_query *query;
	size_t nr_query;
	const char *content_type; /* NULL: none was sent */
	const char *body;
	size_t body_len;
	bool body_too_large; /* above USM_BODY_MAX; body is then empty */
	struct usm_peer peer;
};

struct usm_reply {
	unsigned int status;
	char *body; /* owned, malloc(), NULL: none */
	const char *content_type; /* of the body, a literal */
	char location[128]; /* empty: none */
	const char *allow; /* NULL: none */
	bool change; /* the request asked for a change */
	struct usm_problem
		problem; /* code USM_PROBLEM_NONE when it went well */
};

/* Receives the reply and owns it from then on; usm_reply_clear(). */
typedef void (*usm_reply_fn)(void *token, struct usm_reply *reply);

/*
 * Answers a request through reply(), exactly once: before this returns, or
 * later for what takes time.  Nothing of *request is used after it returns.
 */
void usm_handle(const struct usm_service *service,
		const struct usm_request *request, usm_reply_fn reply,
		void *token);

/* Frees what the reply owns. */
void usm_reply_clear(struct usm_reply *reply);

#endif /* USM_CONTROLPLANE_HANDLE_H */
