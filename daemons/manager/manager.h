/* SPDX-License-Identifier: MIT */
/*
 * manager.h - the manager behind the control plane's ops table.
 */
#ifndef USM_MANAGER_MANAGER_H
#define USM_MANAGER_MANAGER_H

#include "server/ops.h"
#include "supervisor/supervisor.h"

struct usm_manager {
	int device_fd;
	struct usm_supervisor supervisor;
};

/* Its calls take a struct usm_manager as `manager`. */
extern const struct usm_cp_ops usm_manager_ops;

#endif /* USM_MANAGER_MANAGER_H */
