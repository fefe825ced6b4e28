/* SPDX-License-Identifier: MIT */
/*
 * problem.h - everything that can be wrong with a request, as
 * application/problem+json documents (RFC 9457).
 *
 * `code` is the stable name clients may compare; `detail` is for people.
 */
#ifndef USM_CONTROLPLANE_PROBLEM_H
#define USM_CONTROLPLANE_PROBLEM_H

#include <cjson/cJSON.h>

#include "common/json.h"

enum usm_problem_code {
	USM_PROBLEM_NONE = 0,
	USM_PROBLEM_MALFORMED_JSON,
	USM_PROBLEM_INVALID_FIELD,
	USM_PROBLEM_INVALID_QUERY,
	USM_PROBLEM_PERMISSION_DENIED,
	USM_PROBLEM_NO_SUCH_ROUTE,
	USM_PROBLEM_NO_SUCH_INSTANCE,
	USM_PROBLEM_NOT_BOUND,
	USM_PROBLEM_METHOD_NOT_ALLOWED,
	USM_PROBLEM_NAME_TAKEN,
	USM_PROBLEM_POOL_TOO_FULL,
	USM_PROBLEM_INSTANCE_BUSY,
	USM_PROBLEM_INSTANCE_IN_USE,
	USM_PROBLEM_NOT_MANAGED,
	USM_PROBLEM_ALREADY_BOUND,
	USM_PROBLEM_BODY_TOO_LARGE,
	USM_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
	USM_PROBLEM_NO_SUCH_PROCESS,
	USM_PROBLEM_TOO_MANY_INSTANCES,
	USM_PROBLEM_CGROUP_FAILED,
	USM_PROBLEM_START_FAILED,
	USM_PROBLEM_SHUTTING_DOWN,
	USM_PROBLEM_NOT_READY,
	USM_PROBLEM_INTERNAL,
	USM_PROBLEM_CODES,
};

#define USM_PROBLEM_DETAIL_SIZE 320

struct usm_problem {
	enum usm_problem_code code;
	char field[USM_JSON_FIELD_SIZE]; /* empty: no single field to blame */
	char detail[USM_PROBLEM_DETAIL_SIZE];
};

/* HTTP status, 400 to 599. */
unsigned int usm_problem_status(enum usm_problem_code code);

/* The stable name, such as "pool-too-full". */
const char *usm_problem_name(enum usm_problem_code code);

/* Fills *problem (field empty) and returns -1, so that a check can end in it. */
int usm_problem_set(struct usm_problem *problem, enum usm_problem_code code,
		    const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The problem that a refused document is: malformed, or one field wrong. */
void usm_problem_from_config(struct usm_problem *problem,
			     const struct usm_config_error *err);

/* The document; owned by the caller, NULL when memory is short. */
cJSON *usm_problem_render(const struct usm_problem *problem);

#endif /* USM_CONTROLPLANE_PROBLEM_H */
