/* SPDX-License-Identifier: MIT */
#include "instance/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

int usm_notify_ready(int ready_fd, uint32_t instance)
{
	char line[64];
	int len, err = 0;

	sd_notify(1, "READY=1");
	if (ready_fd < 0)
		return 0;
	len = snprintf(line, sizeof(line), "ready instance=%" PRIu32 "\n",
		       instance);
	/* Short enough to go into a pipe or socket whole. */
	if (write(ready_fd, line, (size_t)len) != len)
		err = errno ? -errno : -EIO;
	close(ready_fd);
	return err;
}
