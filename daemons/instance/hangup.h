/* SPDX-License-Identifier: MIT */
/*
 * hangup.h - SIGHUP: the configuration file is read again (reload.h).
 */
#ifndef USM_INSTANCE_HANGUP_H
#define USM_INSTANCE_HANGUP_H

#include "instance/control.h"
#include "instance/instance.h"
#include "instance/reload.h"

struct usm_hangup {
	struct usm_reload reload;
	struct usm_instance *instance; /* that serves; set before it runs */
	int signal_fd;
	int done_fd; /* the worker has made the exchange */
	/* What became of it, in one line. */
	void (*report)(const char *text);
};

/*
 * Makes SIGHUP readable; it must be blocked in every thread.  The rest of
 * *hangup is filled in by the caller.  Errors of signalfd() and eventfd().
 */
int usm_hangup_open(struct usm_hangup *hangup);

/* The sources that bring all this about; hangup must outlive them. */
void usm_hangup_sources(struct usm_hangup *hangup,
			struct usm_control_source source[USM_CONTROL_SOURCES]);

/* Closes and unloads; the instance must be gone. */
void usm_hangup_close(struct usm_hangup *hangup);

#endif /* USM_INSTANCE_HANGUP_H */
