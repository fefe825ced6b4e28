/* SPDX-License-Identifier: MIT */
/*
 * session.h - everything that is opened with rights and used without.
 *
 * The device with its claim, the two proc files, the channel and the slice.
 * Opened as root; afterwards the daemon drops its rights and works on these
 * descriptors and mappings alone.
 */
#ifndef USM_INSTANCE_SESSION_H
#define USM_INSTANCE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/failure.h"
#include "instance/kernel.h"
#include "instance/worker/local_manager.h"
#include "usm.h"

struct usm_session_options {
	const char *device; /* NULL: the usual path */
	const char *name;
	uint32_t frames;
	uint32_t nr_slots;
	uint32_t deadline_ms;
	uint32_t owner_uid;
	enum usm_on_loss on_loss;
	bool persist; /* the partition outlives the daemon */
};

struct usm_session {
	int device_fd;
	int events_fd; /* /proc/usm */
	int freed_fd; /* /proc/usmPgs */
	struct usm_claim claim;
	struct usm_channel *channel;
	struct usm_channel_view view;
	char *pool; /* all of the pool; only own frames can be touched */
	uint32_t pool_frames;
};

/*
 * Claims and opens everything; the channel's pages are in place on return.
 * With .persist a name that is still held is tried again for a moment, because
 * a predecessor's descriptors may be closing.  *out belongs to the caller
 * (usm_session_close).  On failure *failure says why, for people.
 */
int usm_session_open(const struct usm_session_options *options,
		     struct usm_session *out, struct usm_failure *failure);

/* Unmaps and closes; without .persist the partition dissolves here. */
void usm_session_close(struct usm_session *session);

/* The kernel behind this session as the ops workers use; session outlives it. */
void usm_session_kernel(struct usm_session *session, struct usm_kernel *out);

#endif /* USM_INSTANCE_SESSION_H */
