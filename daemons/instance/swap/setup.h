/* SPDX-License-Identifier: MIT */
/*
 * setup.h - opens an instance's swap device, while there are rights to.
 */
#ifndef USM_INSTANCE_SWAP_SETUP_H
#define USM_INSTANCE_SWAP_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config.h"
#include "instance/failure.h"
#include "instance/policies/swap/device.h"
#include "instance/session.h"

/* The machine's directories: where files are, and where packed pages are. */
struct usm_swap_dirs {
	const char *file;
	const char *memory; /* of a tmpfs */
};

/*
 * Opens the device that config->swap_* describe for the session's instance:
 * NAME.swap, NAME.lz4, NAME.zstd, or both NAME.tiered and NAME.swap, in
 * their directories.  Makes the directory
 * (mode 0700) and the file where they are not there.  A directory for packed
 * pages must be of a tmpfs, the caller's, and nobody else's to write to.
 * *fresh: nothing in it is of this life of the instance.  *out belongs to the
 * caller.
 */
int usm_swap_setup(const struct usm_session *session,
		   const struct usm_swap_dirs *dirs,
		   const struct usm_config *config, struct usm_swap_device *out,
		   bool *fresh, struct usm_failure *failure);

/* The directory for packed pages alone: made and looked at. */
int usm_swap_memory_directory(const char *dir, struct usm_failure *failure);

#endif /* USM_INSTANCE_SWAP_SETUP_H */
