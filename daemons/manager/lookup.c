// SPDX-License-Identifier: MIT
#include "lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/client/instances.h"
#include "common/client/members.h"

/* One call's worth; an entry is 1.5 KiB. */
#define INSTANCES_AT_ONCE 16U
#define MEMBERS_AT_ONCE 64U

bool usm_lookup_has_daemon(const struct usm_instance_info *info)
{
	return info->state == USM_INSTANCE_ATTACHED ||
	       info->state == USM_INSTANCE_QUARANTINED;
}

int usm_lookup_all(int device_fd, struct usm_instance_info **out, size_t *nr)
{
	usm_auto_free struct usm_instance_info *all = NULL;
	size_t found = 0;
	uint32_t got = INSTANCES_AT_ONCE;

	while (got) {
		uint32_t first = found ? all[found - 1].instance + 1 : 1;
		struct usm_instance_info *grown;
		int ret;

		got = INSTANCES_AT_ONCE;
		grown = reallocarray(all, found + got, sizeof(*all));
		if (!grown)
			return -ENOMEM;
		all = grown;
		ret = usm_client_list(device_fd, first, all + found, &got);
		if (ret)
			return ret;
		found += got;
	}
	*out = all;
	*nr = found;
	all = NULL;
	return 0;
}

int usm_lookup_live(int device_fd, const char *name,
		    struct usm_instance_info *out)
{
	usm_auto_free struct usm_instance_info *all = NULL;
	size_t nr = 0;
	int ret = usm_lookup_all(device_fd, &all, &nr);

	if (ret)
		return ret;
	for (size_t i = 0; i < nr; i++) {
		if (all[i].state != USM_INSTANCE_DYING &&
		    !strncmp(all[i].name, name, sizeof(all[i].name))) {
			*out = all[i];
			return 0;
		}
	}
	return -ENOENT;
}

int usm_lookup_members(int device_fd, uint32_t instance,
		       struct usm_member_info **out, size_t *nr)
{
	usm_auto_free struct usm_member_info *all = NULL;
	uint32_t got = MEMBERS_AT_ONCE;
	size_t found = 0;

	while (got) {
		uint32_t after = found ? all[found - 1].member : 0;
		struct usm_member_info *grown;
		int ret;

		got = MEMBERS_AT_ONCE;
		grown = reallocarray(all, found + got, sizeof(*all));
		if (!grown)
			return -ENOMEM;
		all = grown;
		ret = usm_client_members(device_fd, instance, after,
					 all + found, &got);
		if (ret)
			return ret;
		found += got;
	}
	*out = all;
	*nr = found;
	all = NULL;
	return 0;
}
