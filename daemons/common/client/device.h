/* SPDX-License-Identifier: MIT */
/*
 * device.h - the device of the module.
 *
 * Returns, outputs and threads: as client.h says.
 */
#ifndef USM_COMMON_CLIENT_DEVICE_H
#define USM_COMMON_CLIENT_DEVICE_H

#include <stdint.h>

#include "usm.h"

#define USM_DEVICE_PATH "/dev/USMMcd"

/*
 * Opens the device (NULL: USM_DEVICE_PATH) close-on-exec and shakes hands.
 * *fd belongs to the caller.  ENOENT: module not loaded; EPROTO: the module
 * speaks another ABI version; EACCES: no right to open the device.
 */
int usm_client_open(const char *path, int *fd);

/* The pool and the module. */
int usm_client_info(int fd, struct usm_info *out);

#endif /* USM_COMMON_CLIENT_DEVICE_H */
