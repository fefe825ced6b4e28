/* SPDX-License-Identifier: MIT */
/*
 * waker.h - wakes the workers of all instances.
 *
 * Returns, outputs and threads: as client.h says.
 */
#ifndef USM_COMMON_CLIENT_WAKER_H
#define USM_COMMON_CLIENT_WAKER_H

#include <stdint.h>

#include "usm.h"

/* Words of usm_waker_wait.rung: bit i of the whole is instance i. */
#define USM_RUNG_WORDS (USM_INSTANCES_MAX / 64 + 1)

/* Makes this descriptor the waker; it ends when the descriptor is closed. */
int usm_client_waker(int fd);

/*
 * Sleeps until an instance has rung, or timeout_ms passed (-1: never), or a
 * signal came (EINTR).  rung: bit i of the whole is instance i.
 */
int usm_client_waker_wait(int fd, int timeout_ms,
			  uint64_t rung[USM_RUNG_WORDS]);

#endif /* USM_COMMON_CLIENT_WAKER_H */
