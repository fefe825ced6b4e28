/* SPDX-License-Identifier: MIT */
/*
 * render_service.h - what runs here and what it offers, as JSON.
 *
 * Every function returns an object owned by the caller, or NULL when memory is
 * short.
 */
#ifndef USM_CONTROLPLANE_RENDER_SERVICE_H
#define USM_CONTROLPLANE_RENDER_SERVICE_H

#include <cjson/cJSON.h>

#include "ops.h"

/* Versions, pool, and each feature of the module: is it on, if not why. Pure. */
cJSON *usm_render_info(const struct usm_cp_info *info);

/*
 * The names of policies that are built in, by kind, and of the files in `dir`,
 * of which nobody knows the kind before one is loaded.  A directory that is
 * not there has no files.
 */
cJSON *usm_render_policies(const char *dir);

#endif /* USM_CONTROLPLANE_RENDER_SERVICE_H */
