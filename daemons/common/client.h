/* SPDX-License-Identifier: MIT */
/*
 * client.h - the kernel ABI (api/usm.h) as C functions.
 *
 * Thin on purpose: one function per ioctl, mapping or proc file.  All return 0
 * or -errno (the errors of each are listed with its structure in usm.h) and
 * leave their outputs alone on failure unless said otherwise.  All may be
 * called from any thread.  `fd` is always a descriptor of /dev/USMMcd.
 */
#ifndef USM_COMMON_CLIENT_H
#define USM_COMMON_CLIENT_H

#include "common/client/announced.h"
#include "common/client/device.h"
#include "common/client/evict.h"
#include "common/client/frames.h"
#include "common/client/instances.h"
#include "common/client/mappings.h"
#include "common/client/members.h"
#include "common/client/waker.h"
#include "common/frame_size.h"

#endif /* USM_COMMON_CLIENT_H */
