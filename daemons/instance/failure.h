/* SPDX-License-Identifier: MIT */
/*
 * failure.h - why the daemon could not start or go on, and how it exits.
 */
#ifndef USM_INSTANCE_FAILURE_H
#define USM_INSTANCE_FAILURE_H

/* Exit codes of usm-instance; the same numbers mean the same in usmctl. */
enum usm_exit {
	USM_EXIT_OK = 0,
	USM_EXIT_FAILED = 1, /* anything else: memory, the partition is gone */
	USM_EXIT_USAGE = 2, /* command line or configuration */
	USM_EXIT_UNREACHABLE = 3, /* no module, or one of another ABI */
	USM_EXIT_CONFLICT = 5, /* name in use, other size, pool too full */
	USM_EXIT_DENIED = 6, /* not started with the rights it needs */
};

#define USM_FAILURE_SIZE 256

struct usm_failure {
	enum usm_exit exit;
	char text[USM_FAILURE_SIZE]; /* one line, no newline at the end */
};

/* Fills *failure (NULL is fine) and returns -err, err being a positive errno. */
int usm_fail(struct usm_failure *failure, enum usm_exit code, int err,
	     const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif /* USM_INSTANCE_FAILURE_H */
