/* SPDX-License-Identifier: MIT */
/*
 * http.h - HTTP on a listening socket, driven by the caller's event loop.
 *
 * Everything happens inside usm_http_run(), in the calling thread: poll the
 * descriptor of usm_http_fd(), and call usm_http_run() when it is readable or
 * usm_http_timeout() has passed.
 */
#ifndef USM_CONTROLPLANE_HTTP_H
#define USM_CONTROLPLANE_HTTP_H

#include <stdint.h>

#include "handle.h"

struct usm_http;

/* What was asked and how it ended, for the log. */
struct usm_access {
	struct usm_peer peer;
	const char *method;
	const char *path; /* as sent: may hold any byte but NUL */
	const struct usm_reply *reply;
};

typedef void (*usm_observe_fn)(void *data, const struct usm_access *access);

/*
 * Starts a server.  It takes listen_fd over, also on failure.  observe is
 * called once for every reply.  -ENOMEM, or -EIO when the library refuses.
 */
int usm_http_new(int listen_fd, const struct usm_service *service,
		 usm_observe_fn observe, void *observe_data,
		 struct usm_http **out);

/* Ends it; every operation must have been answered.  NULL is fine. */
void usm_http_free(struct usm_http *http);

/* An epoll descriptor, owned by the server, readable when there is work. */
int usm_http_fd(const struct usm_http *http);

/* Microseconds until usm_http_run() is due; UINT64_MAX: not by time. */
uint64_t usm_http_timeout(struct usm_http *http);

/* Does what can be done now, without blocking. */
void usm_http_run(struct usm_http *http);

#endif /* USM_CONTROLPLANE_HTTP_H */
