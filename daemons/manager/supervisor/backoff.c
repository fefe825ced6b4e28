// SPDX-License-Identifier: MIT
#include "backoff.h"

unsigned int usm_backoff_after(struct usm_backoff *backoff, uint64_t ran_ms)
{
	unsigned int delay = backoff->next_ms;

	if (!delay || ran_ms >= USM_BACKOFF_HEALTHY_MS)
		delay = USM_BACKOFF_FIRST_MS;
	backoff->next_ms =
		delay < USM_BACKOFF_MAX_MS / 2 ? delay * 2 : USM_BACKOFF_MAX_MS;
	return delay;
}
