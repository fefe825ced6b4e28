/* SPDX-License-Identifier: MIT */
/*
 * command.h - the commands of usmctl.
 */
#ifndef USM_CLI_COMMAND_H
#define USM_CLI_COMMAND_H

#include <stdbool.h>

#include "exit_codes.h"

struct usm_context {
	const char *socket; /* of the manager */
	bool direct; /* ask the kernel, not the manager */
	bool json; /* print what the manager said, unchanged */
};

struct usm_command {
	const char *name;
	const char *arguments;
	const char *help;
	int min_args;
	int max_args; /* -1: any number */
	/* args ends with NULL; returns an exit code, having said what is wrong. */
	int (*run)(const struct usm_context *context, int nr, char **args);
};

int usm_command_exec(const struct usm_context *context, int nr, char **args);
int usm_command_list(const struct usm_context *context, int nr, char **args);
int usm_command_stats(const struct usm_context *context, int nr, char **args);

/* Says something on stderr, as "usmctl: …". */
void usm_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* USM_CLI_COMMAND_H */
