/* SPDX-License-Identifier: MIT */
#include "instance/policies/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"

/* Where a check stands: the path so far, for messages. */
struct walk {
	const struct usm_trusted *where;
	const char *what;
	char path[PATH_MAX];
	struct usm_failure *failure;
};

static int refuse(const struct walk *walk, int err, const char *reason)
{
	return usm_fail(walk->failure,
			err == ENOENT ? USM_EXIT_USAGE : USM_EXIT_DENIED, err,
			"%s: %s: %s", walk->what, walk->path, reason);
}

static int check(const struct walk *walk, int fd, bool directory)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return refuse(walk, errno, strerror(errno));
	/* O_PATH opens a link itself instead of refusing it. */
	if (S_ISLNK(stat.st_mode))
		return refuse(walk, EPERM, "is a symbolic link");
	if (directory ? !S_ISDIR(stat.st_mode) : !S_ISREG(stat.st_mode))
		return refuse(walk, EPERM,
			      directory ? "is not a directory"
					: "is not a regular file");
	if (stat.st_uid != walk->where->owner)
		return refuse(walk, EPERM,
			      walk->where->owner ? "belongs to another user"
						 : "does not belong to root");
	if (stat.st_mode & (S_IWGRP | S_IWOTH))
		return refuse(walk, EPERM, "group or others may write to it");
	if (!directory && !(stat.st_mode & S_IROTH))
		return refuse(walk, EPERM,
			      "others may not read it, and it is loaded "
			      "without rights");
	return 0;
}

/* Adds a component to the path; what does not fit is no path of ours. */
static int append(struct walk *walk, const char *name, size_t len)
{
	size_t used = strlen(walk->path);
	bool slash = used && walk->path[used - 1] != '/';

	if (used + slash + len >= sizeof(walk->path))
		return refuse(walk, ENAMETOOLONG, "the path is too long");
	snprintf(walk->path + used, sizeof(walk->path) - used, "%s%.*s",
		 slash ? "/" : "", (int)len, name);
	return 0;
}

/* Opens a directory under the one of *fd, which is closed. */
static int step(struct walk *walk, int *fd, const char *name, size_t len)
{
	char component[NAME_MAX + 1];
	int err = append(walk, name, len), next;

	if (err)
		return err;
	if (len > NAME_MAX)
		return refuse(walk, ENAMETOOLONG, "the path is too long");
	memcpy(component, name, len);
	component[len] = 0;
	if (!strcmp(component, ".."))
		return refuse(walk, EPERM, "must not go up with ..");
	next = openat(*fd, component, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return refuse(walk, errno, strerror(errno));
	usm_cleanup_close(fd);
	*fd = next;
	return check(walk, next, true);
}

static int open_directory(struct walk *walk, int *out)
{
	const char *at = walk->where->dir;
	usm_auto_fd fd = -1;
	int err = append(walk, walk->where->root, strlen(walk->where->root));

	if (!err) {
		fd = open(walk->where->root,
			  O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
		err = fd < 0 ? refuse(walk, errno, strerror(errno))
			     : check(walk, fd, true);
	}
	while (!err && *(at += strspn(at, "/"))) {
		size_t len = strcspn(at, "/");

		err = step(walk, &fd, at, len);
		at += len;
	}
	if (!err)
		*out = usm_steal_fd(&fd);
	return err;
}

int usm_trusted_open(const struct usm_trusted *where, const char *what,
		     const char *name, int *fd, struct usm_failure *failure)
{
	struct walk walk = {
		.where = where,
		.what = what,
		.failure = failure,
	};
	usm_auto_fd dir = -1;
	usm_auto_fd file = -1;
	int err = open_directory(&walk, &dir);

	if (!err)
		err = append(&walk, name, strlen(name));
	if (err)
		return err;
	/* Opening a FIFO must not wait; it is refused below. */
	file = openat(dir, name,
		      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return refuse(&walk, errno,
			      errno == ELOOP ? "is a symbolic link"
					     : strerror(errno));
	err = check(&walk, file, false);
	if (!err)
		*fd = usm_steal_fd(&file);
	return err;
}
