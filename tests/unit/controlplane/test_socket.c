// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/socket.h"

static char dir[64], path[96];

static void make_dir(void)
{
	strcpy(dir, "/tmp/usm-test-socket-XXXXXX");
	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);
}

static void remove_dir(void)
{
	unlink(path);
	rmdir(dir);
}

TestSuite(socket, .init = make_dir, .fini = remove_dir);

static int connect_to(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)),
		     0);
	return fd;
}

Test(socket, listens_for_root_and_group_only)
{
	struct stat st;
	int fd = -1;

	cr_assert_eq(usm_socket_listen(path, &fd), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0660);
	cr_assert_eq(st.st_uid, 0);
	close(fd);
}

Test(socket, replaces_a_leftover_but_no_server)
{
	int fd = -1, second = -7;

	cr_assert_eq(usm_socket_listen(path, &fd), 0);
	cr_assert_eq(usm_socket_listen(path, &second), -EADDRINUSE);
	cr_assert_eq(second, -7);
	close(fd);
	cr_assert_eq(usm_socket_listen(path, &second), 0);
	close(second);
}

Test(socket, leaves_other_files_alone)
{
	int file = creat(path, 0600), fd = -7;

	close(file);
	cr_assert_eq(usm_socket_listen(path, &fd), -EEXIST);
	cr_assert_eq(access(path, F_OK), 0);
}

Test(socket, refuses_a_path_that_is_too_long)
{
	char longest[200];
	int fd;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	cr_assert_eq(usm_socket_listen(longest, &fd), -ENAMETOOLONG);
}

Test(socket, knows_its_peer)
{
	int fd = -1, client, server;
	struct usm_peer peer;

	cr_assert_eq(usm_socket_listen(path, &fd), 0);
	client = connect_to();
	do {
		server = accept(fd, NULL, NULL);
	} while (server < 0 && errno == EAGAIN);
	cr_assert_eq(usm_socket_peer(server, &peer), 0);
	cr_assert_eq(peer.pid, getpid());
	cr_assert_eq(peer.uid, getuid());
	cr_assert_eq(peer.gid, getgid());
	close(server);
	close(client);
	close(fd);
}
