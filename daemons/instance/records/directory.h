/* SPDX-License-Identifier: MIT */
/*
 * directory.h - where an instance keeps its records: DIR/NAME, a directory that
 * nobody but its daemon can look into.
 *
 * Root makes and opens it, before the daemon gives up its rights; from then on
 * the descriptor is all there is.  What is in it is the daemon's own writing,
 * and that of an earlier one of the same name: it is read as anything a tenant
 * might have written.
 */
#ifndef USM_INSTANCE_RECORDS_DIRECTORY_H
#define USM_INSTANCE_RECORDS_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "instance/failure.h"
#include "instance/records/record.h"

struct usm_record_directory {
	const char *dir; /* the machine's; made with mode 0700 */
	const char *instance; /* [a-z0-9-]+ */
	uid_t uid; /* whose the instance's is */
	gid_t gid;
};

/*
 * Opens it.  The machine's directory must be the caller's and nobody else's to
 * write to, the instance's nobody else's to enter; neither may be a symbolic
 * link.  One that an earlier daemon of the name had under another uid changes
 * hands.  *fd is the caller's.  EPERM, errors of making and opening: *failure
 * names the path.
 */
int usm_record_directory_open(const struct usm_record_directory *where, int *fd,
			      struct usm_failure *failure);

/*
 * Hands each record in it to each(ctx, key, data, bytes) and counts files that
 * are none and were passed over.  Temporary files that were left behind, and
 * those each() returns false for, are removed.  -errno of reading it.
 */
int usm_record_directory_read(int fd,
			      bool (*each)(void *ctx,
					   const struct usm_record_key *key,
					   const void *data, uint32_t bytes),
			      void *ctx, uint64_t *damaged);

/*
 * Puts a record in the place of the one before: at any time the file is whole.
 * `file` has room for USM_RECORD_FILE_MAX bytes.  -errno: nothing changed.
 */
int usm_record_directory_write(int fd, const struct usm_record_key *key,
			       const void *data, uint32_t bytes, void *file);

/* Removes one; there need be none. */
void usm_record_directory_remove(int fd, const struct usm_record_key *key);

#endif /* USM_INSTANCE_RECORDS_DIRECTORY_H */
