/* SPDX-License-Identifier: MIT */
/*
 * view.h - what kernel, supervisor and cgroups say, put together.
 *
 * Nothing is remembered: counts and bindings come from the kernel at the time
 * of asking.
 */
#ifndef USM_MANAGER_VIEW_H
#define USM_MANAGER_VIEW_H

#include "manager.h"

/* As the functions of the same name in struct usm_cp_ops. */
int usm_view_ready(const struct usm_manager *manager,
		   struct usm_problem *problem);
int usm_view_info(const struct usm_manager *manager, struct usm_cp_info *out,
		  struct usm_problem *problem);
int usm_view_pool(const struct usm_manager *manager, struct usm_cp_pool *out,
		  struct usm_problem *problem);
int usm_view_list(struct usm_manager *manager, struct usm_cp_instance **out,
		  size_t *nr, struct usm_problem *problem);
int usm_view_get(struct usm_manager *manager, const char *name,
		 struct usm_cp_instance *out, struct usm_problem *problem);

/* Copies the kernel's figures of an instance and computes percentiles. Pure. */
void usm_view_kernel(const struct usm_instance_info *info,
		     struct usm_cp_instance *out);

/*
 * Memory of a member that fallbacks brought, at most: what is anonymous and
 * not the pool's, as far as the fallbacks can explain it.  Bytes.  Pure.
 */
uint64_t usm_view_outside_pool(uint64_t anonymous, uint64_t mapped,
			       uint64_t fallbacks);

#endif /* USM_MANAGER_VIEW_H */
