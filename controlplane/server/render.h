/* SPDX-License-Identifier: MIT */
/*
 * render.h - instances, members and statistics as JSON.  Pure.
 *
 * Every function returns an object owned by the caller, or NULL when memory is
 * short.  Sizes are bytes, times nanoseconds, whole numbers with every digit.
 */
#ifndef USM_CONTROLPLANE_RENDER_H
#define USM_CONTROLPLANE_RENDER_H

#include <cjson/cJSON.h>

#include "ops.h"
#include "paging.h"

cJSON *usm_render_instance(const struct usm_cp_instance *instance);

/*
 * {"instances": [...], "next": PATH or null}: one page, in order of names, and
 * where the next one is.
 */
cJSON *usm_render_instances(const struct usm_cp_instance *instances, size_t nr,
			    const struct usm_paging *paging);

cJSON *usm_render_member(const struct usm_cp_member *member);

/* {"bindings": [...]} */
cJSON *usm_render_bindings(const struct usm_cp_instance *instance);

/* {"pool": {...}, "instances": [...]} */
cJSON *usm_render_stats(const struct usm_cp_pool *pool,
			const struct usm_cp_instance *instances, size_t nr);

#endif /* USM_CONTROLPLANE_RENDER_H */
