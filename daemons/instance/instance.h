/* SPDX-License-Identifier: MIT */
/*
 * instance.h - the parts of a running instance, put together.
 */
#ifndef USM_INSTANCE_INSTANCE_H
#define USM_INSTANCE_INSTANCE_H

#include "instance/failure.h"
#include "instance/policies/alloc/policy.h"
#include "instance/session.h"

struct usm_instance;

/*
 * Builds stock, LocalManager and mailboxes over an open session and takes over
 * the state of its frames.  session and policy are borrowed.  No thread runs
 * yet.  *out belongs to the caller.
 */
int usm_instance_create(struct usm_session *session,
			const struct usm_alloc_policy *policy,
			struct usm_instance **out, struct usm_failure *failure);

/*
 * Starts the worker on `cpu` (-1: chosen by instance id among those allowed).
 * Faults are served from here on.
 */
int usm_instance_start(struct usm_instance *instance, int cpu,
		       struct usm_failure *failure);

/*
 * Serves announcements on the calling thread until stop_fd is readable (0) or
 * something breaks.  observe is optional and told every event.
 */
int usm_instance_run(struct usm_instance *instance, int stop_fd,
		     void (*observe)(void *ctx, const struct usm_event *event),
		     void *ctx, struct usm_failure *failure);

/* Stops the worker and frees everything but the session; NULL is fine. */
void usm_instance_destroy(struct usm_instance *instance);

#endif /* USM_INSTANCE_INSTANCE_H */
