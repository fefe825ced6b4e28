// SPDX-License-Identifier: MIT
#include "options.h"

#include <argp.h>

#define EXIT_USAGE 2

enum {
	OPTION_SOCKET = 's',
	OPTION_STATE_DIR = 'd',
	OPTION_INSTANCE_BINARY = 'b',
};

static const struct argp_option entries[] = {
	{ "socket", OPTION_SOCKET, "PATH", 0,
	  "unix socket to serve REST on (default /run/usm/usm.sock)", 0 },
	{ "state-dir", OPTION_STATE_DIR, "DIR", 0,
	  "where instances are remembered (default /run/usm/state)", 0 },
	{ "instance-binary", OPTION_INSTANCE_BINARY, "PATH", 0,
	  "policy daemon to start (default: usm-instance beside this program)",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct usm_options *options = state->input;

	switch (key) {
	case OPTION_SOCKET:
		options->socket = arg;
		return 0;
	case OPTION_STATE_DIR:
		options->state_dir = arg;
		return 0;
	case OPTION_INSTANCE_BINARY:
		options->instance_binary = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument \"%s\"", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void usm_options_parse(int argc, char **argv, struct usm_options *options)
{
	const struct argp argp = {
		.options = entries,
		.parser = parse,
		.doc = "Supervises USM instances, wakes their workers and serves the REST control plane.",
	};

	*options = (struct usm_options){
		.socket = "/run/usm/usm.sock",
		.state_dir = "/run/usm/state",
	};
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, options);
}
