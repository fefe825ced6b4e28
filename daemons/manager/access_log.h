/* SPDX-License-Identifier: MIT */
/*
 * access_log.h - what clients asked for: one line for every change and for
 * every refused request.
 */
#ifndef USM_MANAGER_ACCESS_LOG_H
#define USM_MANAGER_ACCESS_LOG_H

#include "server/http.h"

/* A usm_observe_fn; data is unused. */
void usm_access_log(void *data, const struct usm_access *access);

#endif /* USM_MANAGER_ACCESS_LOG_H */
