/* SPDX-License-Identifier: MIT */
/*
 * call.h - a request whose failure is told to the user.
 */
#ifndef USM_CLI_CALL_H
#define USM_CLI_CALL_H

#include <cjson/cJSON.h>

#include "command.h"

/*
 * Sends a request.  USM_EXIT_OK with *reply, when reply is not NULL, owned by
 * the caller (cJSON_Delete()); otherwise the reason has been printed.
 */
int usm_call(const struct usm_context *context, const char *method,
	     const char *path, const char *json, cJSON **reply);

/* A member of an object by a path such as "memory.mapped"; NULL: not there. */
const cJSON *usm_json_at(const cJSON *object, const char *path);

#endif /* USM_CLI_CALL_H */
