/* SPDX-License-Identifier: MIT */
#include "instance/reaper/victim.h"

#include <stdbool.h>
#include <stddef.h>

static bool may_go(const struct usm_member_info *info, pid_t daemon, pid_t self)
{
	return info->mapped && info->pid > 1 && info->pid != daemon &&
	       info->pid != self;
}

const struct usm_member_info *
usm_reaper_victim(const struct usm_member_info *info, uint32_t nr, pid_t daemon,
		  pid_t self)
{
	const struct usm_member_info *largest = NULL;
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (may_go(&info[i], daemon, self) &&
		    (!largest || info[i].mapped > largest->mapped))
			largest = &info[i];
	return largest;
}
