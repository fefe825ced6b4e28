/* SPDX-License-Identifier: MIT */
/*
 * record.h - what a policy remembers of a program, as a file: its name and its
 * bytes.  Pure.
 *
 * A file is a head and the policy's own bytes, little-endian:
 *
 *	0   8   "USMRECRD"
 *	8   4   version, 1
 *	12  4   bytes of the policy, 1 to USM_PREFETCH_MEMORY_MAX
 *	16  32  name of the policy, the rest zero
 *	48  16  name of the program, the rest zero
 *	64  4   CRC-32 of the policy's bytes
 *	68  4   CRC-32 of the 68 bytes before
 *	72      the policy's bytes
 */
#ifndef USM_INSTANCE_RECORDS_RECORD_H
#define USM_INSTANCE_RECORDS_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "usm_policy.h"

/* As the kernel has the name of a program: comm, always terminated. */
#define USM_PROGRAM_SIZE 16

struct usm_record_key {
	char policy[USM_POLICY_NAME_SIZE];
	char program[USM_PROGRAM_SIZE];
};

#define USM_RECORD_HEAD 72U
#define USM_RECORD_FILE_MAX (USM_RECORD_HEAD + USM_PREFETCH_MEMORY_MAX)

/* Any byte of a program's name may become three. */
#define USM_RECORD_NAME_SIZE \
	(USM_POLICY_NAME_SIZE + 3 * USM_PROGRAM_SIZE + sizeof(".record"))

/* What files that are records end with, and those that are not whole yet. */
#define USM_RECORD_SUFFIX ".record"
#define USM_RECORD_TEMPORARY ".new"

/*
 * The name of its file: POLICY.PROGRAM.record, where all but letters, digits,
 * - and _ of the program is written %XX.  Different programs have different
 * files, and none leads out of a directory.
 */
void usm_record_name(const struct usm_record_key *key,
		     char name[USM_RECORD_NAME_SIZE]);

/*
 * Writes a file of at most USM_RECORD_FILE_MAX bytes; returns how many.  bytes
 * is from 1 to USM_PREFETCH_MEMORY_MAX.
 */
size_t usm_record_encode(const struct usm_record_key *key, const void *data,
			 uint32_t bytes, void *file);

/*
 * Reads one: whose it is, and where in it the policy's bytes are.  -EINVAL: it
 * is none, damaged, cut off, or of another version; outputs untouched.
 */
int usm_record_decode(const void *file, size_t size, struct usm_record_key *key,
		      const void **data, uint32_t *bytes);

#endif /* USM_INSTANCE_RECORDS_RECORD_H */
