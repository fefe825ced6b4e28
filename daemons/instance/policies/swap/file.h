/* SPDX-License-Identifier: MIT */
/*
 * file.h - the swap device "file": slot s is page s of an ordinary file.
 * Page 0 is a header (header.h).
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_FILE_H
#define USM_INSTANCE_POLICIES_SWAP_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/failure.h"
#include "instance/policies/swap/device.h"
#include "instance/policies/swap/header.h"

/*
 * Opens the file, making it where there is none, and sets its room aside.
 * *fresh: nothing in it is of this life of the instance.  The file must be a
 * regular one without other names, empty or of the same instance.  *out
 * belongs to the caller (usm_swap_device_close).
 */
int usm_swap_file_open(const struct usm_swap_file *options,
		       struct usm_swap_device *out, bool *fresh,
		       struct usm_failure *failure);

#endif /* USM_INSTANCE_POLICIES_SWAP_FILE_H */
