/* SPDX-License-Identifier: MIT */
/*
 * binding_request.h - the body of POST …/bindings.  Pure.
 */
#ifndef USM_CONTROLPLANE_BINDING_REQUEST_H
#define USM_CONTROLPLANE_BINDING_REQUEST_H

#include <stddef.h>
#include <sys/types.h>

#include "common/json.h"
#include "usm.h"

struct usm_binding_request {
	pid_t pid;
	enum usm_inherit inherit;
};

/*
 * {"pid": 1234, "inherit": "all"|"fork"|"none"}, inherit defaulting to "all".
 * Returns 0, -EINVAL with err filled, or -ENOMEM.  *out untouched on failure.
 */
int usm_binding_request_parse(const char *text, size_t len,
			      struct usm_binding_request *out,
			      struct usm_config_error *err);

/* "all", "fork" or "none". */
const char *usm_inherit_name(enum usm_inherit inherit);

#endif /* USM_CONTROLPLANE_BINDING_REQUEST_H */
