/* SPDX-License-Identifier: MIT */
/*
 * socket.h - the unix socket the server listens on.
 */
#ifndef USM_CONTROLPLANE_SOCKET_H
#define USM_CONTROLPLANE_SOCKET_H

#include "ops.h"

/*
 * Makes a listening stream socket at path, mode 0660, owned by root and the
 * group `usm` where that exists.  A leftover socket nobody answers on is
 * replaced.  *fd is owned by the caller.  -EADDRINUSE: somebody answers there;
 * -ENAMETOOLONG; -EEXIST: something else is at that path; others of bind().
 */
int usm_socket_listen(const char *path, int *fd);

/* Who is at the other end of a connected unix socket. */
int usm_socket_peer(int fd, struct usm_peer *peer);

#endif /* USM_CONTROLPLANE_SOCKET_H */
