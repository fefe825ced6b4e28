// SPDX-License-Identifier: MIT
/*
 * usmctl exec - binds itself, then becomes the command: the binding passes on
 * to the new image, so the command's very first page comes from the pool.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "command.h"
#include "common/name.h"
#include "direct.h"

/* As a shell says it. */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NO_COMMAND 127

static int bind_self(const struct usm_context *context, const char *instance)
{
	char path[96], body[64];

	if (context->direct)
		return usm_direct_bind_self(instance);
	snprintf(path, sizeof(path), "/v1/instances/%s/bindings", instance);
	snprintf(body, sizeof(body), "{\"pid\":%d,\"inherit\":\"all\"}",
		 (int)getpid());
	return usm_call(context, "POST", path, body, NULL);
}

int usm_command_exec(const struct usm_context *context, int nr, char **args)
{
	const char *instance = args[0];
	char **command = args + 1;
	int ret;

	(void)nr;
	if (!usm_name_valid(instance)) {
		usm_say("\"%s\" is no name of an instance", instance);
		return USM_EXIT_USAGE;
	}
	ret = bind_self(context, instance);
	if (ret)
		return ret;
	execvp(command[0], command);
	ret = errno;
	usm_say("%s: %s", command[0], strerror(ret));
	return ret == ENOENT ? EXIT_NO_COMMAND : EXIT_NOT_EXECUTABLE;
}
