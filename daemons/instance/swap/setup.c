/* SPDX-License-Identifier: MIT */
#include "instance/swap/setup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/client.h"
#include "instance/policies/swap/file.h"

int usm_swap_setup(const struct usm_session *session, const char *dir,
		   uint64_t bytes, struct usm_swap_device *out, bool *fresh,
		   struct usm_failure *failure)
{
	struct usm_instance_info info;
	char path[PATH_MAX];
	struct usm_swap_file options = {
		.path = path,
		.bytes = bytes,
		.instance = session->claim.name,
	};
	int n = snprintf(path, sizeof(path), "%s/%s.swap", dir,
			 session->claim.name);
	int err;

	if (n < 0 || n >= PATH_MAX)
		return usm_fail(failure, USM_EXIT_USAGE, ENAMETOOLONG,
				"--swap-dir: too long");
	if (mkdir(dir, 0700) && errno != EEXIST)
		return usm_fail(failure, USM_EXIT_FAILED, errno,
				"--swap-dir: %s: %s", dir, strerror(errno));
	err = usm_client_find(session->device_fd, session->claim.name, &info);
	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"reading the instance's state: %s",
				strerror(-err));
	options.created_ns = info.created_ns;
	return usm_swap_file_open(&options, out, fresh, failure);
}
