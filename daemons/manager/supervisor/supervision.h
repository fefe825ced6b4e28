/* SPDX-License-Identifier: MIT */
/*
 * supervision.h - what the instances of one manager have in common.
 */
#ifndef USM_MANAGER_SUPERVISION_H
#define USM_MANAGER_SUPERVISION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>

struct usm_supervised;

TAILQ_HEAD(usm_supervised_list, usm_supervised);

struct usm_supervisor {
	sd_event *event; /* borrowed */
	int device_fd; /* borrowed */
	const char *state_dir;
	const char *instance_binary;
	struct usm_supervised_list instances;
	bool shutting_down;
};

#endif /* USM_MANAGER_SUPERVISION_H */
