/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A frame belongs to no memory cgroup.  The kernel splits a large page under
 * the lock of its cgroup's lists, and takes the root's for a page without one;
 * built with DEBUG_VM it warns besides, as of an LRU page that was not
 * charged.  Frames are on no list, so there the lock is taken for it.
 */
#ifndef USM_LRUVEC_H
#define USM_LRUVEC_H

#include "hooks/hook.h"

/* Only where the kernel would warn. */
extern struct usm_hook usm_lruvec_hook;

#endif /* USM_LRUVEC_H */
