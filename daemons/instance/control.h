/* SPDX-License-Identifier: MIT */
/*
 * control.h - the main thread: announcements from the kernel, and the end.
 *
 * Sleeps in poll() over /proc/usm, /proc/usmPgs and the stop descriptor;
 * there is no timer while nothing happens.
 */
#ifndef USM_INSTANCE_CONTROL_H
#define USM_INSTANCE_CONTROL_H

#include <stdbool.h>

#include "instance/arena/returned.h"
#include "instance/members.h"
#include "instance/session.h"

/*
 * What else is waited for: ready(ctx) is called while fd is readable.  True:
 * the workers know of no member any more, and are told of all again.
 */
struct usm_control_source {
	int fd;
	bool (*ready)(void *ctx); /* NULL: nothing */
	void *ctx;
};

/*
 * A signal to change policies or to ask them, a threshold that is crossed, and
 * for each that it is done; and what the reaper did.
 */
#define USM_CONTROL_SOURCES 7

struct usm_control {
	struct usm_session *session;
	struct usm_returned *returned;
	/*
	 * What workers should know; called on this thread, NULL is fine.
	 * member_new: false when it could not be said now; it is again, soon.
	 */
	bool (*member_new)(void *ctx, const struct usm_member *member);
	void (*member_gone)(void *ctx, uint32_t member);
	void (*resized)(void *ctx);
	void (*freed)(void *ctx); /* frames came home */
	void *workers_ctx;
	int stop_fd; /* readable: end cleanly */
	struct usm_control_source source[USM_CONTROL_SOURCES];
	struct usm_members_table members;
	uint32_t
		untold; /* workers do not know those from this one on; 0: none */
	/* Optional: told every event after it was applied. */
	void (*observe)(void *ctx, const struct usm_event *event);
	void *observe_ctx;
};

/*
 * Runs until stop_fd is readable: 0.  ENODEV: the claim is gone.  Other errors
 * are those of the kernel's files or ENOMEM.  Pointers are borrowed.
 */
int usm_control_run(struct usm_control *control);

/* Makes the table of members what the kernel lists now. */
int usm_control_resync(struct usm_control *control);

#endif /* USM_INSTANCE_CONTROL_H */
