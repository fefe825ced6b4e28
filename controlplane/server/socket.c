// SPDX-License-Identifier: MIT
#include "socket.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"

#define SOCKET_MODE 0660
#define SOCKET_GROUP "usm"

/* Connections the kernel holds until the server has accepted them. */
#define BACKLOG 64

static int fill_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

/* Removes a socket file whose server is gone. */
static int clear_leftover(const struct sockaddr_un *address)
{
	struct stat st;
	usm_auto_fd fd = -1;

	if (lstat(address->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		return -EADDRINUSE;
	if (errno != ECONNREFUSED)
		return -errno;
	return unlink(address->sun_path) ? -errno : 0;
}

static int set_access(const char *path)
{
	const struct group *group = getgrnam(SOCKET_GROUP);

	if (chown(path, 0, group ? group->gr_gid : 0))
		return -errno;
	return chmod(path, SOCKET_MODE) ? -errno : 0;
}

int usm_socket_listen(const char *path, int *fd)
{
	usm_auto_fd listener = -1;
	struct sockaddr_un address;
	mode_t old_mask;
	int ret = fill_address(path, &address);

	if (ret)
		return ret;
	ret = clear_leftover(&address);
	if (ret)
		return ret;
	listener =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0)
		return -errno;
	/* Nobody but the owner may connect before the group is set. */
	old_mask = umask(0177);
	ret = bind(listener, (struct sockaddr *)&address, sizeof(address));
	ret = ret ? -errno : 0;
	umask(old_mask);
	if (ret)
		return ret;
	ret = set_access(path);
	if (!ret && listen(listener, BACKLOG))
		ret = -errno;
	if (ret) {
		unlink(path);
		return ret;
	}
	*fd = usm_steal_fd(&listener);
	return 0;
}

int usm_socket_peer(int fd, struct usm_peer *peer)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return -errno;
	peer->pid = cred.pid;
	peer->uid = cred.uid;
	peer->gid = cred.gid;
	return 0;
}
