/* SPDX-License-Identifier: MIT */
#include "bench/guest/module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "lib/wait.h"

#define MODULE_NAME "usm_lkmRM"
#define UNLOAD_LIMIT_MS 5000

int module_load(const char *path, const char *pool)
{
	usm_auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	char parameters[64];

	if (fd < 0)
		return -errno;
	snprintf(parameters, sizeof(parameters), "pool=%s", pool);
	return syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
}

int module_unload(void)
{
	int err = 0;

	wait_until(UNLOAD_LIMIT_MS,
		   !(err = syscall(SYS_delete_module, MODULE_NAME, O_NONBLOCK)
				   ? -errno
				   : 0));
	return err;
}
