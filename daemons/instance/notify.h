/* SPDX-License-Identifier: MIT */
/*
 * notify.h - telling whoever started the daemon that it serves faults now.
 */
#ifndef USM_INSTANCE_NOTIFY_H
#define USM_INSTANCE_NOTIFY_H

#include <stdint.h>

/*
 * Writes "ready instance=<id>\n" to ready_fd (-1: nobody asked) and closes it,
 * and tells systemd when NOTIFY_SOCKET is set.  -errno of the write; a starter
 * that is gone is EPIPE.
 */
int usm_notify_ready(int ready_fd, uint32_t instance);

#endif /* USM_INSTANCE_NOTIFY_H */
