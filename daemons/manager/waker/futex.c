// SPDX-License-Identifier: MIT
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "transport.h"

static void wake(struct usm_doorbell *bell)
{
	/* Shared, not private: the sleeper is another process. */
	syscall(SYS_futex, &bell->seq, FUTEX_WAKE, 1, NULL, NULL, 0);
}

const struct usm_transport usm_transport_futex = {
	.name = "futex",
	.source = USM_WAKE_WAKER,
	.wake = wake,
};
