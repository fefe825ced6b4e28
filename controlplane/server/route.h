/* SPDX-License-Identifier: MIT */
/*
 * route.h - which call a method and a path are.  Pure.
 */
#ifndef USM_CONTROLPLANE_ROUTE_H
#define USM_CONTROLPLANE_ROUTE_H

#include <sys/types.h>

#include "problem.h"
#include "usm.h"

enum usm_call {
	USM_CALL_LIST_INSTANCES,
	USM_CALL_CREATE_INSTANCE,
	USM_CALL_GET_INSTANCE,
	USM_CALL_DELETE_INSTANCE,
	USM_CALL_LIST_BINDINGS,
	USM_CALL_CREATE_BINDING,
	USM_CALL_GET_BINDING,
	USM_CALL_DELETE_BINDING,
	USM_CALL_STATS,
	USM_CALL_METRICS,
	USM_CALL_INFO,
	USM_CALL_POLICIES,
	USM_CALL_HEALTHZ,
	USM_CALL_READYZ,
	USM_CALL_OPENAPI,
	USM_CALL_INSTANCE_SCHEMA,
	USM_CALLS,
};

struct usm_route {
	enum usm_call call;
	char instance[USM_NAME_SIZE]; /* "{name}" of the path, else empty */
	pid_t pid; /* "{pid}" of the path, else 0 */
};

/*
 * Finds the call.  Returns 0, or -1 with *problem filled: a route that does
 * not exist, or a method it does not have; then *allow is the value of the
 * Allow header, else NULL.  HEAD is GET.  path is as sent, not decoded: no
 * valid name needs an escape.
 */
int usm_route_find(const char *method, const char *path,
		   struct usm_route *route, const char **allow,
		   struct usm_problem *problem);

/* True for the calls that change something. */
bool usm_call_changes(enum usm_call call);

#endif /* USM_CONTROLPLANE_ROUTE_H */
