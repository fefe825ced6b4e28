/* SPDX-License-Identifier: MIT */
#include "common/client/waker.h"

#include <string.h>

#include "common/client/call.h"

int usm_client_waker(int fd)
{
	struct usm_waker arg = { .flags = 0 };

	return usm_client_call(fd, USM_IOC_WAKER, &arg);
}

int usm_client_waker_wait(int fd, int timeout_ms, uint64_t rung[USM_RUNG_WORDS])
{
	struct usm_waker_wait arg = { .timeout_ms = timeout_ms };
	int err = usm_client_call(fd, USM_IOC_WAKER_WAIT, &arg);

	if (!err)
		memcpy(rung, arg.rung, sizeof(arg.rung));
	return err;
}
