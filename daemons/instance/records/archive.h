/* SPDX-License-Identifier: MIT */
/*
 * archive.h - what policies remember of programs: in memory, and written to a
 * directory by a thread of its own, so that nobody who serves faults waits for a
 * file.
 *
 * At most so many programs; the one that was neither kept nor asked for
 * longest goes.  Losing one loses a hint.  put() and get() from any thread.
 */
#ifndef USM_INSTANCE_RECORDS_ARCHIVE_H
#define USM_INSTANCE_RECORDS_ARCHIVE_H

#include <stdint.h>

#include "instance/records/record.h"

/* 4 MiB of memory, and of the disk, at most. */
#define USM_ARCHIVE_RECORDS 64U

struct usm_archive;

struct usm_archive_stats {
	uint64_t records; /* there are now */
	uint64_t damaged; /* files that were passed over at the start */
	uint64_t written, failed; /* files */
};

/*
 * With what is in the directory (borrowed); dir_fd -1: in memory alone.  Starts
 * the thread, if there is a directory, on the CPUs of the caller.  *out is the
 * caller's.  ENOMEM, errors of reading the directory.
 */
int usm_archive_create(int dir_fd, struct usm_archive **out);

/* Writes what is not written yet, and frees it; NULL is fine. */
void usm_archive_destroy(struct usm_archive *archive);

/*
 * Keeps bytes (copied; 1 to USM_PREFETCH_MEMORY_MAX) under a key.  ENOMEM:
 * nothing changed.
 */
int usm_archive_put(struct usm_archive *archive,
		    const struct usm_record_key *key, const void *data,
		    uint32_t bytes);

/*
 * Copies what is kept under a key to data, room for USM_PREFETCH_MEMORY_MAX;
 * returns how many bytes, 0: nothing is.
 */
uint32_t usm_archive_get(struct usm_archive *archive,
			 const struct usm_record_key *key, void *data);

void usm_archive_stats(struct usm_archive *archive,
		       struct usm_archive_stats *out);

#endif /* USM_INSTANCE_RECORDS_ARCHIVE_H */
