/* SPDX-License-Identifier: MIT */
/*
 * instances.h - the instances there are, and their partitions.
 *
 * Returns, outputs and threads: as client.h says.
 */
#ifndef USM_COMMON_CLIENT_INSTANCES_H
#define USM_COMMON_CLIENT_INSTANCES_H

#include <stdint.h>

#include "usm.h"

/*
 * Instances with an id of at least `first`, by id.  *nr: room in out[] in,
 * entries filled out; 0 out: no more.  Go on with out[*nr - 1].instance + 1.
 */
int usm_client_list(int fd, uint32_t first, struct usm_instance_info *out,
		    uint32_t *nr);

/* The instance called `name`, whatever its state; ENOENT when there is none. */
int usm_client_find(int fd, const char *name, struct usm_instance_info *out);

/*
 * Claims what *claim asks for (.abi is filled in here) and writes the answer
 * into it.  On failure only .frames may change: what is left in the pool
 * (ENOSPC) or the size the instance has (EUCLEAN).
 */
int usm_client_claim(int fd, struct usm_claim *claim);

/* Makes the calling thread serve doorbell `worker`. */
int usm_client_worker(int fd, uint32_t worker);

/*
 * Sets the size of a partition; see USM_IOC_RESIZE.  `out` (may be NULL) has
 * .owned, .moved and, also on -ENOSPC, .left.
 */
int usm_client_resize(int fd, uint32_t instance, uint32_t frames,
		      struct usm_resize *out);

/* The runs of a partition as they are now. */
int usm_client_extents(int fd, uint32_t instance, struct usm_extents *out);

/* Gives up an instance. */
int usm_client_destroy(int fd, uint32_t instance);

#endif /* USM_COMMON_CLIENT_INSTANCES_H */
