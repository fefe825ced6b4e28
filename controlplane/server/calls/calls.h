/* SPDX-License-Identifier: MIT */
/*
 * calls.h - what each call of api/openapi.yaml does.
 *
 * Each answers its exchange exactly once, before it returns or, for what takes
 * time, later; request is valid until it returns.
 */
#ifndef USM_CONTROLPLANE_CALLS_H
#define USM_CONTROLPLANE_CALLS_H

#include "server/exchange.h"

typedef void (*usm_call_fn)(struct usm_exchange *x,
			    const struct usm_request *request);

/* instances.c */
void usm_call_list_instances(struct usm_exchange *x,
			     const struct usm_request *request);
void usm_call_create_instance(struct usm_exchange *x,
			      const struct usm_request *request);
void usm_call_get_instance(struct usm_exchange *x,
			   const struct usm_request *request);
void usm_call_delete_instance(struct usm_exchange *x,
			      const struct usm_request *request);

/* bindings.c */
void usm_call_list_bindings(struct usm_exchange *x,
			    const struct usm_request *request);
void usm_call_create_binding(struct usm_exchange *x,
			     const struct usm_request *request);
void usm_call_get_binding(struct usm_exchange *x,
			  const struct usm_request *request);
void usm_call_delete_binding(struct usm_exchange *x,
			     const struct usm_request *request);

/* stats.c */
void usm_call_stats(struct usm_exchange *x, const struct usm_request *request);
void usm_call_metrics(struct usm_exchange *x,
		      const struct usm_request *request);

/* service.c: the manager itself, and what it offers */
void usm_call_healthz(struct usm_exchange *x,
		      const struct usm_request *request);
void usm_call_readyz(struct usm_exchange *x, const struct usm_request *request);
void usm_call_info(struct usm_exchange *x, const struct usm_request *request);
void usm_call_policies(struct usm_exchange *x,
		       const struct usm_request *request);
void usm_call_openapi(struct usm_exchange *x,
		      const struct usm_request *request);
void usm_call_instance_schema(struct usm_exchange *x,
			      const struct usm_request *request);

#endif /* USM_CONTROLPLANE_CALLS_H */
