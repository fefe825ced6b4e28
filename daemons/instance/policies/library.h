/* SPDX-License-Identifier: MIT */
/*
 * library.h - a policy in a file of its own: loading it, checking its table.
 *
 * The file is opened while the daemon still has its rights (trusted.h) and
 * loaded after it gave them up: what a constructor in it does, it does as
 * nobody.
 */
#ifndef USM_INSTANCE_POLICIES_LIBRARY_H
#define USM_INSTANCE_POLICIES_LIBRARY_H

#include <stddef.h>

#include "instance/failure.h"
#include "usm_policy.h"

struct usm_policy_library {
	void *handle; /* of dlopen(); NULL: none */
	int fd; /* -1: none */
	union {
		struct usm_alloc_policy alloc;
		struct usm_evict_policy evict;
		struct usm_prefetch_policy prefetch;
		struct usm_oom_policy oom;
	} table; /* of the kind it was loaded as, with all members we know */
};

#define USM_POLICY_LIBRARY_NONE \
	{                       \
		.fd = -1        \
	}

/*
 * Loads the policy `name` of a kind from an open file.  fd goes to the library
 * in any case, and *out, whatever was in it before is lost, must be closed in
 * any case.  EINVAL: it cannot be loaded, or its table is not right; *failure
 * says "WHAT: NAME.so: REASON".  what: field of the configuration.
 */
int usm_policy_library_load(int fd, enum usm_policy_kind kind, const char *what,
			    const char *name, struct usm_policy_library *out,
			    struct usm_failure *failure);

/* Unloads it; nothing of it may be in use.  USM_POLICY_LIBRARY_NONE is fine. */
void usm_policy_library_close(struct usm_policy_library *library);

/*
 * Copies a table as a policy has it into one of ours: what it lacks is NULL,
 * what we do not know is left out.  ours: bytes of our table; least: bytes it
 * must have.  EINVAL, *why (constant text): it is not usable.
 */
int usm_policy_table_read(const void *table, size_t ours, size_t least,
			  void *out, const char **why);

#endif /* USM_INSTANCE_POLICIES_LIBRARY_H */
