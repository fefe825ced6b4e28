/* SPDX-License-Identifier: MIT */
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "common/cleanup.h"

#define LINE_BYTES 256

int file_write(const char *path, const char *text)
{
	size_t length = strlen(text);
	usm_auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, length);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

ssize_t file_read(const char *path, char *out, size_t size)
{
	usm_auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (done + 1 < size) {
		n = read(fd, out + done, size - 1 - done);
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	out[done] = '\0';
	return (ssize_t)done;
}

long long file_number(const char *path, const char *key)
{
	size_t length = strlen(key);
	usm_auto_file file = fopen(path, "re");
	char line[LINE_BYTES];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, length) &&
		    (line[length] == ' ' || line[length] == '\t'))
			return atoll(line + length);
	return -1;
}

long long smaps_number(pid_t pid, const char *key)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	return file_number(path, key);
}

long long status_number(pid_t pid, const char *key)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	return file_number(path, key);
}

int file_copy(const char *from, const char *to)
{
	usm_auto_fd in = open(from, O_RDONLY | O_CLOEXEC);
	usm_auto_fd out = -1;
	struct stat stat;
	ssize_t n;

	if (in < 0 || fstat(in, &stat))
		return -errno;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0)
		return -errno;
	for (; stat.st_size > 0; stat.st_size -= n) {
		n = sendfile(out, in, NULL, (size_t)stat.st_size);
		if (n <= 0)
			return n ? -errno : -EIO;
	}
	return 0;
}
