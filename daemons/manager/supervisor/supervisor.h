/* SPDX-License-Identifier: MIT */
/*
 * supervisor.h - the set of instances this manager keeps alive.
 *
 * Single-threaded: everything happens in the thread that runs the event loop.
 */
#ifndef USM_MANAGER_SUPERVISOR_H
#define USM_MANAGER_SUPERVISOR_H

#include <stdbool.h>

#include "server/ops.h"
#include "supervision.h"

/*
 * Takes up what an earlier manager left: daemons that still serve are watched,
 * instances without one get one.  -errno of reading kernel or directory.
 */
int usm_supervisor_discover(struct usm_supervisor *supervisor);

/* The instance of that name, or NULL. */
struct usm_supervised *usm_supervisor_find(struct usm_supervisor *supervisor,
					   const char *name);

/*
 * Creates an instance; done() tells when its daemon is ready, or what went
 * wrong, and then nothing of it is left.
 */
void usm_supervisor_create(struct usm_supervisor *supervisor,
			   const struct usm_config *config, usm_cp_done done,
			   void *token);

/*
 * Ends the daemon and gives the partition back; done() tells.  Refused while
 * processes are bound; the instance then goes on.
 */
void usm_supervisor_destroy(struct usm_supervisor *supervisor, const char *name,
			    usm_cp_done done, void *token);

/*
 * Begins to end: instances nobody is bound to are stopped (their files stay,
 * the next manager starts them again), the others are left to the next
 * manager.  Call until usm_supervisor_idle().
 */
void usm_supervisor_shutdown(struct usm_supervisor *supervisor);

/* True when no daemon is starting or ending. */
bool usm_supervisor_idle(const struct usm_supervisor *supervisor);

/* Forgets every instance without touching daemons; none may be pending. */
void usm_supervisor_clear(struct usm_supervisor *supervisor);

#endif /* USM_MANAGER_SUPERVISOR_H */
