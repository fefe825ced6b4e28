/* SPDX-License-Identifier: MIT */
/*
 * header.h - the first page of a swap device's file: whose it is.
 *
 * It names the instance, so that no other file is ever overwritten by mistake,
 * and its life, so that what an earlier one left is not taken for this one's.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_HEADER_H
#define USM_INSTANCE_POLICIES_SWAP_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/failure.h"
#include "usm.h"

/* Which file, and for whom. */
struct usm_swap_file {
	const char *path;
	uint64_t bytes; /* room for pages; a multiple of the page size */
	const char *instance; /* its name */
	uint64_t created_ns; /* usm_instance_info.created_ns */
	/* Nobody is to take it over: its name goes as soon as it is open. */
	bool nameless;
};

struct usm_swap_header {
	char magic[8];
	uint32_t version;
	uint32_t codec; /* usm_codec.id; 0: pages are as they are */
	uint64_t created_ns;
	char instance[USM_NAME_SIZE];
	/* Of compressed stores only. */
	uint32_t nr_slots;
	uint32_t nr_chunks;
};

/*
 * Opens options->path, making it where there is none; it must be a regular
 * file without other names, empty or one of this instance and `magic`.
 * *fresh: nothing in it is of this life of the instance; else *found is its
 * header.  Changes nothing but, if it is to be nameless, that.  The descriptor is the caller's; or the negative
 * of what usm_fail() was told.
 */
int usm_swap_header_open(const struct usm_swap_file *options, const char *magic,
			 uint32_t version, struct usm_swap_header *found,
			 bool *fresh, struct usm_failure *failure);

/*
 * Empties a file of another life and writes a page of header: from its first
 * byte on it says whose it is, and who is killed here starts again.
 */
int usm_swap_header_renew(int fd, const struct usm_swap_header *header);

/*
 * One that was begun anew and then found no room leaves no name behind, and so
 * nothing of the room it did find once it is closed.
 */
void usm_swap_header_withdraw(const struct usm_swap_file *options, bool fresh);

/* Fills in what options say. */
struct usm_swap_header usm_swap_header_of(const struct usm_swap_file *options,
					  const char *magic, uint32_t version);

#endif /* USM_INSTANCE_POLICIES_SWAP_HEADER_H */
