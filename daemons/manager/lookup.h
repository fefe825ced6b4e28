/* SPDX-License-Identifier: MIT */
/*
 * lookup.h - instances as the kernel knows them.
 */
#ifndef USM_MANAGER_LOOKUP_H
#define USM_MANAGER_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usm.h"

/*
 * The instance of that name that is not on its way out: one that was destroyed
 * keeps its name until its last frame came home.  -ENOENT.
 */
int usm_lookup_live(int device_fd, const char *name,
		    struct usm_instance_info *out);

/* Does a daemon hold the claim, whether it answers or not? */
bool usm_lookup_has_daemon(const struct usm_instance_info *info);

/* Every instance, owned by the caller (free()).  -errno, -ENOMEM. */
int usm_lookup_all(int device_fd, struct usm_instance_info **out, size_t *nr);

/* Every member of an instance, owned by the caller (free()). */
int usm_lookup_members(int device_fd, uint32_t instance,
		       struct usm_member_info **out, size_t *nr);

#endif /* USM_MANAGER_LOOKUP_H */
