/* SPDX-License-Identifier: MIT */
/*
 * trusted.h - opening a file that nobody but one user can have put there.
 *
 * Checked are the directory, every directory above it, and the file: each
 * belongs to that user, nobody else may write to it, and none is reached
 * through a symbolic link.  All may read the file.  Every check is made on the descriptor that is used
 * next, so that nothing can be exchanged between the look and the use.
 */
#ifndef USM_INSTANCE_POLICIES_TRUSTED_H
#define USM_INSTANCE_POLICIES_TRUSTED_H

#include <sys/types.h>

#include "instance/failure.h"

struct usm_trusted {
	const char *root; /* an existing directory, checks begin in it: "/" */
	const char *dir; /* path below root, a leading / is passed over */
	uid_t owner; /* who is trusted: 0 */
};

/*
 * Opens the file `name` (no /) in the directory for reading.  *fd belongs to
 * the caller.  EPERM: not to be trusted; ENOENT and what else open() says; in
 * each case *failure says "WHAT: PATH: REASON".  what: field of the
 * configuration it is for.
 */
int usm_trusted_open(const struct usm_trusted *where, const char *what,
		     const char *name, int *fd, struct usm_failure *failure);

#endif /* USM_INSTANCE_POLICIES_TRUSTED_H */
