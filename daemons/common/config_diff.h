/* SPDX-License-Identifier: MIT */
/*
 * config_diff.h - in which field do two configurations differ?
 */
#ifndef USM_COMMON_CONFIG_DIFF_H
#define USM_COMMON_CONFIG_DIFF_H

#include "config.h"

/*
 * The path of a field ("swap.size") in which they differ, other than the names
 * and options of policies; with .policies also those.  Empty: in none.
 * -ENOMEM.  Any thread.
 */
int usm_config_diff(const struct usm_config *one,
		    const struct usm_config *other, bool policies,
		    char field[USM_JSON_FIELD_SIZE]);

#endif /* USM_COMMON_CONFIG_DIFF_H */
