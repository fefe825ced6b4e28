/* SPDX-License-Identifier: MIT */
/*
 * victim.h - who is killed for want of frames.  Pure.
 */
#ifndef USM_INSTANCE_REAPER_VICTIM_H
#define USM_INSTANCE_REAPER_VICTIM_H

#include <stdint.h>
#include <sys/types.h>

#include "usm.h"

/*
 * The member with the most frames of nr, or NULL when none has any.  Not one
 * whose process is gone or in another PID namespace (pid 0), not init, not
 * `daemon`, not `self`.
 */
const struct usm_member_info *
usm_reaper_victim(const struct usm_member_info *info, uint32_t nr, pid_t daemon,
		  pid_t self);

#endif /* USM_INSTANCE_REAPER_VICTIM_H */
