/* SPDX-License-Identifier: MIT */
#include "lib/kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Longer than any record of the kernel's log. */
#define RECORD_BYTES 4096

int kernel_log_open(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (log < 0)
		return -errno;
	lseek(log, 0, SEEK_END);
	return log;
}

bool kernel_log_has(int log, const char *text)
{
	char record[RECORD_BYTES];
	bool found = false;
	ssize_t n;

	/* One record a read; EPIPE says that some were overwritten. */
	while (!found && ((n = read(log, record, sizeof(record) - 1)) > 0 ||
			  (n < 0 && errno == EPIPE))) {
		record[n > 0 ? n : 0] = '\0';
		found = strstr(record, text) != NULL;
	}
	close(log);
	return found;
}
