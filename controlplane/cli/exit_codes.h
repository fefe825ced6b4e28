/* SPDX-License-Identifier: MIT */
/*
 * exit_codes.h - how usmctl ends; scripts may rely on it.
 */
#ifndef USM_CLI_EXIT_CODES_H
#define USM_CLI_EXIT_CODES_H

enum usm_exit {
	USM_EXIT_OK = 0,
	USM_EXIT_FAILED = 1, /* anything the others do not cover */
	USM_EXIT_USAGE = 2,
	USM_EXIT_UNREACHABLE = 3, /* no manager, or with --direct no module */
	USM_EXIT_NOT_FOUND = 4,
	USM_EXIT_CONFLICT = 5,
	USM_EXIT_DENIED = 6,
};

/* For the status of a reply, 100 to 599.  Pure. */
enum usm_exit usm_exit_from_status(long status);

/* For a -errno of the kernel ABI.  Pure. */
enum usm_exit usm_exit_from_errno(int error);

#endif /* USM_CLI_EXIT_CODES_H */
