/* SPDX-License-Identifier: MIT */
/*
 * options.h - the command line of usm-manager.
 */
#ifndef USM_MANAGER_OPTIONS_H
#define USM_MANAGER_OPTIONS_H

struct usm_options {
	const char *socket;
	const char *state_dir;
	const char *instance_binary; /* NULL: beside usm-manager */
};

/* Fills in defaults; on a wrong command line it says so and exits with 2. */
void usm_options_parse(int argc, char **argv, struct usm_options *options);

#endif /* USM_MANAGER_OPTIONS_H */
