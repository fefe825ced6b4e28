/* SPDX-License-Identifier: MIT */
#include "temp_dir.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Directories open at once while removing; ours are shallow. */
#define WALK_DEPTH 8

void temp_dir_make(char *path, size_t size)
{
	snprintf(path, size, "/tmp/usm-test-XXXXXX");
	cr_assert_not_null(mkdtemp(path));
	cr_assert_eq(chmod(path, 0755), 0);
}

static int remove_one(const char *path, const struct stat *stat, int type,
		      struct FTW *walk)
{
	(void)stat;
	(void)type;
	(void)walk;
	return remove(path);
}

void temp_dir_remove(const char *path)
{
	nftw(path, remove_one, WALK_DEPTH, FTW_DEPTH | FTW_PHYS);
}

void temp_file(const char *dir, const char *name, const void *bytes, size_t nr,
	       mode_t mode)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0, "%s", path);
	cr_assert_eq(write(fd, bytes, nr), (ssize_t)nr);
	cr_assert_eq(fchmod(fd, mode), 0);
	close(fd);
}

void temp_copy(const char *dir, const char *name, const char *from)
{
	struct stat stat;
	void *bytes;
	int fd = open(from, O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0, "%s", from);
	cr_assert_eq(fstat(fd, &stat), 0);
	bytes = malloc((size_t)stat.st_size);
	cr_assert_not_null(bytes);
	cr_assert_eq(read(fd, bytes, (size_t)stat.st_size), stat.st_size);
	close(fd);
	temp_file(dir, name, bytes, (size_t)stat.st_size, 0644);
	free(bytes);
}
