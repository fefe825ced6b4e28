/* SPDX-License-Identifier: MIT */
#include "instance/records/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

/* As failures name it. */
#define OPTION "--record-dir"

/* Of the directory of an instance, and of the one they are all in. */
#define DIRECTORY_MODE 0700
/* Nobody else gets as far; a successor under another uid may read them. */
#define FILE_MODE 0644

/* ---- with rights --------------------------------------------------------------- */

static int refuse(struct usm_failure *failure, int err, const char *dir,
		  const char *below, const char *reason)
{
	return usm_fail(failure, USM_EXIT_FAILED, err, "%s: %s%s%s: %s", OPTION,
			dir, *below ? "/" : "", below, reason);
}

static int open_machines(const char *dir, int *out, struct usm_failure *failure)
{
	usm_auto_fd fd = -1;
	struct stat st;

	if (mkdir(dir, DIRECTORY_MODE) && errno != EEXIST)
		return refuse(failure, errno, dir, "", strerror(errno));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return refuse(failure, errno, dir, "", strerror(errno));
	if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
		return refuse(failure, EPERM, dir, "",
			      "belongs to others, or they may write to it");
	*out = usm_steal_fd(&fd);
	return 0;
}

static int open_instances(const struct usm_record_directory *where, int parent,
			  int *out, struct usm_failure *failure)
{
	usm_auto_fd fd = -1;
	struct stat st;

	if (mkdirat(parent, where->instance, DIRECTORY_MODE) && errno != EEXIST)
		return refuse(failure, errno, where->dir, where->instance,
			      strerror(errno));
	fd = openat(parent, where->instance,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return refuse(failure, errno, where->dir, where->instance,
			      strerror(errno));
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return refuse(failure, EPERM, where->dir, where->instance,
			      "others may look into it");
	if ((st.st_uid != where->uid || st.st_gid != where->gid) &&
	    fchown(fd, where->uid, where->gid))
		return refuse(failure, errno, where->dir, where->instance,
			      strerror(errno));
	*out = usm_steal_fd(&fd);
	return 0;
}

int usm_record_directory_open(const struct usm_record_directory *where, int *fd,
			      struct usm_failure *failure)
{
	usm_auto_fd parent = -1;
	int err = open_machines(where->dir, &parent, failure);

	return err ? err : open_instances(where, parent, fd, failure);
}

/* ---- without ---------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *suffix)
{
	size_t all = strlen(name), end = strlen(suffix);

	return all > end && !strcmp(name + all - end, suffix);
}

/* Its size, or -EINVAL: no regular file, or larger than a record. */
static ssize_t read_file(int dir, const char *name, void *file)
{
	/* Opening a FIFO must not wait. */
	usm_auto_fd fd = openat(dir, name,
				O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_size > (off_t)USM_RECORD_FILE_MAX)
		return -EINVAL;
	n = pread(fd, file, USM_RECORD_FILE_MAX, 0);
	return n < 0 ? -EINVAL : n;
}

/* Is it a record, under the name it is to have? */
static int read_record(int dir, const char *name, void *file,
		       struct usm_record_key *key, const void **data,
		       uint32_t *bytes)
{
	char meant[USM_RECORD_NAME_SIZE];
	ssize_t size = read_file(dir, name, file);
	int err = -EINVAL;

	if (size >= 0)
		err = usm_record_decode(file, (size_t)size, key, data, bytes);
	if (err)
		return err;
	usm_record_name(key, meant);
	return strcmp(name, meant) ? -EINVAL : 0;
}

static int open_listing(int fd, DIR **out)
{
	usm_auto_fd again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again < 0 ? NULL : fdopendir(again);

	if (!dir)
		return -errno;
	usm_steal_fd(&again);
	*out = dir;
	return 0;
}

int usm_record_directory_read(int fd,
			      bool (*each)(void *ctx,
					   const struct usm_record_key *key,
					   const void *data, uint32_t bytes),
			      void *ctx, uint64_t *damaged)
{
	const struct dirent *entry;
	struct usm_record_key key;
	const void *data;
	uint32_t bytes;
	DIR *dir = NULL;
	int err = open_listing(fd, &dir);
	char *file;

	if (!dir)
		return err;
	file = malloc(USM_RECORD_FILE_MAX);
	while (file && (entry = readdir(dir))) {
		if (ends_with(entry->d_name, USM_RECORD_TEMPORARY))
			unlinkat(fd, entry->d_name, 0);
		if (!ends_with(entry->d_name, USM_RECORD_SUFFIX))
			continue;
		if (read_record(fd, entry->d_name, file, &key, &data, &bytes))
			++*damaged;
		else if (!each(ctx, &key, data, bytes))
			unlinkat(fd, entry->d_name, 0);
	}
	err = file ? 0 : -ENOMEM;
	free(file);
	closedir(dir);
	return err;
}

static int write_all(int fd, const char *from, size_t size)
{
	while (size) {
		ssize_t n = write(fd, from, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		from += n;
		size -= (size_t)n;
	}
	return 0;
}

int usm_record_directory_write(int fd, const struct usm_record_key *key,
			       const void *data, uint32_t bytes, void *file)
{
	char name[USM_RECORD_NAME_SIZE];
	char temporary[USM_RECORD_NAME_SIZE + sizeof(USM_RECORD_TEMPORARY)];
	size_t size = usm_record_encode(key, data, bytes, file);
	usm_auto_fd out = -1;
	int err;

	usm_record_name(key, name);
	snprintf(temporary, sizeof(temporary), "%s%s", name,
		 USM_RECORD_TEMPORARY);
	/* What is in the way was left behind. */
	unlinkat(fd, temporary, 0);
	out = openat(fd, temporary,
		     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		     FILE_MODE);
	if (out < 0)
		return -errno;
	err = write_all(out, file, size);
	if (!err && renameat(fd, temporary, fd, name))
		err = -errno;
	if (err)
		unlinkat(fd, temporary, 0);
	return err;
}

void usm_record_directory_remove(int fd, const struct usm_record_key *key)
{
	char name[USM_RECORD_NAME_SIZE];

	usm_record_name(key, name);
	unlinkat(fd, name, 0);
}
