/* SPDX-License-Identifier: MIT */
/*
 * config.h - the configuration of one instance.
 *
 * The same JSON object is the body of POST /v1/instances, the --config file of
 * usm-instance and the manager's state file; api/instance.schema.json
 * describes it.
 */
#ifndef USM_COMMON_CONFIG_H
#define USM_COMMON_CONFIG_H

#include <stddef.h>

#include "config_fields.h"
#include "config_policy.h"
#include "config_swap.h"
#include "json.h"

/* A configuration is a few hundred bytes; the same limit as a REST body. */
#define USM_CONFIG_TEXT_MAX 65536U

/* What "on_daemon_loss" can be, by enum usm_on_loss. */
extern const char *const usm_on_loss_names[];

/*
 * Reads a configuration, fills in defaults, checks every limit.  Policies may
 * have any valid name: which there are is a matter of the machine
 * (policy_files.h).
 * Returns 0, -EINVAL with err naming field and reason, or -ENOMEM.
 * *out is untouched on failure.  Any thread.
 */
int usm_config_parse(const char *text, size_t len, struct usm_config *out,
		     struct usm_config_error *err);

/*
 * Reads a configuration file.  As usm_config_parse(), or -errno of reading it;
 * -EFBIG above USM_CONFIG_TEXT_MAX bytes.
 */
int usm_config_load(const char *path, struct usm_config *out,
		    struct usm_config_error *err);

/*
 * The JSON object of config, every field present but the cgroup limits that
 * are not set.  *out is owned by the caller, NULL when memory is short.
 */
void usm_config_print(const struct usm_config *config, cJSON **out);

#endif /* USM_COMMON_CONFIG_H */
