/* SPDX-License-Identifier: MIT */
/*
 * policy_files.h - is there a policy of that name on this machine?
 */
#ifndef USM_COMMON_POLICY_FILES_H
#define USM_COMMON_POLICY_FILES_H

#include "config.h"

/*
 * Where policies are that are not built in, as NAME.so.  Not in the
 * configuration: who may ask for an instance must not choose what it runs.
 */
#define USM_POLICY_DIR "/usr/lib/usm/policies"

/*
 * Is each policy that config names built in, or a file in `dir`?  -EINVAL with
 * err naming the field and the built-in ones.  Whether the file is to be
 * trusted, and holds what it should, shows when it is loaded.  Any thread.
 */
int usm_policy_files_check(const struct usm_config *config, const char *dir,
			   struct usm_config_error *err);

#endif /* USM_COMMON_POLICY_FILES_H */
