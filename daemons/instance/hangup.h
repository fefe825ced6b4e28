/* SPDX-License-Identifier: MIT */
/*
 * hangup.h - SIGHUP: the configuration file is read again (reload.h).
 */
#ifndef USM_INSTANCE_HANGUP_H
#define USM_INSTANCE_HANGUP_H

#include "instance/control.h"
#include "instance/instance.h"
#include "instance/reload.h"
#include "instance/turn.h"

struct usm_hangup {
	struct usm_reload reload;
	struct usm_instance *instance; /* that serves; set before it runs */
	struct usm_turn *turn; /* borrowed; set before it runs */
	int signal_fd;
	int done_fd; /* the worker has made the exchange */
	/* What became of it, in one line. */
	void (*report)(const char *text);
};

/*
 * Makes SIGHUP readable, which must be blocked in every thread.  .reload and
 * .instance are the caller's to fill in afterwards.  -errno.
 */
int usm_hangup_open(struct usm_hangup *hangup, void (*report)(const char *));

/* The two sources that bring all this about; hangup must outlive them. */
void usm_hangup_sources(struct usm_hangup *hangup,
			struct usm_control_source *source);

/* Closes and unloads; the instance must be gone. */
void usm_hangup_close(struct usm_hangup *hangup);

#endif /* USM_INSTANCE_HANGUP_H */
