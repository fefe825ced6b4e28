/* SPDX-License-Identifier: MIT */
/*
 * announced.h - what the module announces: processes, and frames that came home.
 *
 * Returns, outputs and threads: as client.h says.
 */
#ifndef USM_COMMON_CLIENT_ANNOUNCED_H
#define USM_COMMON_CLIENT_ANNOUNCED_H

#include <stdint.h>

#include "usm.h"

#define USM_PROC_EVENTS_PATH "/proc/usm"
#define USM_PROC_FREED_PATH "/proc/usmPgs"

/*
 * The two announcement files of the claiming process, non-blocking and
 * close-on-exec.  EPERM without a claim, EBUSY when somebody has it open.
 */
int usm_client_open_events(int *fd);
int usm_client_open_freed(int *fd);

/*
 * Reads what is there without waiting.  *nr: room in records in, records read
 * out, at least 1.  EAGAIN: nothing there now; ENODEV: the claim is gone.
 */
int usm_client_read_events(int events_fd, struct usm_event *out, uint32_t *nr);
int usm_client_read_freed(int freed_fd, uint64_t *pfns, uint32_t *nr);

#endif /* USM_COMMON_CLIENT_ANNOUNCED_H */
