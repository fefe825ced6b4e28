/* SPDX-License-Identifier: MIT */
/*
 * binding.h - binding processes to instances for a client of the control
 * plane, with no more rights than that client has itself.
 */
#ifndef USM_MANAGER_BINDING_H
#define USM_MANAGER_BINDING_H

#include "manager.h"

/*
 * root may bind whatever the kernel allows; anybody else only processes that
 * are entirely their own.  As .bind and .unbind of struct usm_cp_ops.
 */
int usm_binding_create(struct usm_manager *manager, const char *name,
		       const struct usm_peer *peer, pid_t pid,
		       enum usm_inherit inherit, struct usm_problem *problem);
int usm_binding_delete(struct usm_manager *manager, const char *name,
		       const struct usm_peer *peer, pid_t pid,
		       struct usm_problem *problem);

#endif /* USM_MANAGER_BINDING_H */
