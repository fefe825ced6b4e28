/* SPDX-License-Identifier: MIT */
/*
 * setup.h - opens an instance's swap device, while there are rights to.
 */
#ifndef USM_INSTANCE_SWAP_SETUP_H
#define USM_INSTANCE_SWAP_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/failure.h"
#include "instance/policies/swap/device.h"
#include "instance/session.h"

/*
 * Opens DIR/NAME.swap for the session's instance, with room for `bytes`; makes
 * the directory (mode 0700) and the file where they are not there.  *fresh:
 * nothing in it is of this life of the instance.  *out belongs to the caller.
 */
int usm_swap_setup(const struct usm_session *session, const char *dir,
		   uint64_t bytes, struct usm_swap_device *out, bool *fresh,
		   struct usm_failure *failure);

#endif /* USM_INSTANCE_SWAP_SETUP_H */
