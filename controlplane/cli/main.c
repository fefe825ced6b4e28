// SPDX-License-Identifier: MIT
/* usmctl - what people type. */
#include <argp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

#define DEFAULT_SOCKET "/run/usm/usm.sock"

enum {
	OPTION_SOCKET = 's',
	OPTION_DIRECT = 'd',
	OPTION_OUTPUT = 'o',
};

static const struct usm_command commands[] = {
	{ "exec", "INSTANCE -- COMMAND...",
	  "run a command bound to an instance", 2, -1, usm_command_exec },
	{ "list", "", "the instances", 0, 0, usm_command_list },
	{ "stats", "", "memory, faults and latency of every tenant", 0, 0,
	  usm_command_stats },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

struct arguments {
	struct usm_context context;
	const struct usm_command *command;
	int nr;
	char **args;
};

void usm_say(const char *format, ...)
{
	va_list args;

	fputs("usmctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static const struct argp_option options[] = {
	{ "socket", OPTION_SOCKET, "PATH", 0,
	  "the manager's socket (default " DEFAULT_SOCKET ")", 0 },
	{ "direct", OPTION_DIRECT, NULL, 0,
	  "without a manager: ask the kernel (exec, list)", 0 },
	{ "output", OPTION_OUTPUT, "json", 0, "print JSON (stats)", 0 },
	{ 0 },
};

static const struct usm_command *find_command(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	}
	return NULL;
}

static void take_command(struct argp_state *state, struct arguments *arguments)
{
	char **args = state->argv + state->next;
	int nr = state->argc - state->next;

	/* "exec a -- cmd" and "exec a cmd" are the same. */
	if (nr >= 2 && !strcmp(args[1], "--")) {
		args[1] = args[0];
		args++;
		nr--;
	}
	arguments->args = args;
	arguments->nr = nr;
	if (nr < arguments->command->min_args ||
	    (arguments->command->max_args >= 0 &&
	     nr > arguments->command->max_args))
		argp_error(state, "usage: usmctl %s %s",
			   arguments->command->name,
			   arguments->command->arguments);
	/* The rest is the command's, options included. */
	state->next = state->argc;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case OPTION_SOCKET:
		arguments->context.socket = arg;
		return 0;
	case OPTION_DIRECT:
		arguments->context.direct = true;
		return 0;
	case OPTION_OUTPUT:
		if (strcmp(arg, "json") != 0)
			argp_error(state, "the only output format is json");
		arguments->context.json = true;
		return 0;
	case ARGP_KEY_ARG:
		arguments->command = find_command(arg);
		if (!arguments->command)
			argp_error(state, "no command \"%s\"", arg);
		else
			take_command(state, arguments);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which command?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *help_filter(int key, const char *text, void *input)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	f = open_memstream(&out, &size);
	if (!f)
		return (char *)text;
	fputs("Commands:\n", f);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(f, "  %s %-24s %s\n", commands[i].name,
			commands[i].arguments, commands[i].help);
	fputs("\nExit codes: 0 done, 1 failed, 2 usage or bad value, 3 nothing answers, 4 not found, 5 conflict, 6 denied; exec ends with the command's own.\n",
	      f);
	fclose(f);
	return out;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .context.socket = DEFAULT_SOCKET };
	const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = "Controls USM: processes bound to instances get their memory from a pool, page by page, as a policy decides.\v",
		.help_filter = help_filter,
	};

	argp_err_exit_status = USM_EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
	return arguments.command->run(&arguments.context, arguments.nr,
				      arguments.args);
}
