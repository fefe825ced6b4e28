// SPDX-License-Identifier: MIT
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

/* A status file is about 1.5 KiB, and the lines needed come early. */
#define STATUS_MAX 4096

/* st may be NULL. */
static int read_proc(pid_t pid, const char *file, char *text, size_t size,
		     struct stat *st)
{
	usm_auto_fd fd = -1;
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, size - 1);
	if (n < 0 || (st && fstat(fd, st)))
		return -errno;
	text[n] = 0;
	return 0;
}

static int parse_ids(const char *text, const char *key, unsigned int ids[3])
{
	const char *line = strstr(text, key);

	if (!line || sscanf(line + strlen(key), "%u %u %u", &ids[0], &ids[1],
			    &ids[2]) != 3)
		return -EINVAL;
	return 0;
}

int usm_process_parse_status(const char *text, struct usm_credentials *out)
{
	unsigned int uid[3], gid[3];

	/* The leading newline keeps a name like "Uid: 0" out of it. */
	if (parse_ids(text, "\nUid:", uid) || parse_ids(text, "\nGid:", gid))
		return -EINVAL;
	for (int i = 0; i < 3; i++) {
		out->uid[i] = uid[i];
		out->gid[i] = gid[i];
	}
	return 0;
}

int usm_process_credentials(pid_t pid, struct usm_credentials *out)
{
	struct usm_credentials found = { 0 };
	char text[STATUS_MAX];
	struct stat st;
	int ret = read_proc(pid, "status", text, sizeof(text), &st);

	if (!ret)
		ret = usm_process_parse_status(text, &found);
	if (ret)
		return ret;
	found.owner = st.st_uid;
	found.group = st.st_gid;
	*out = found;
	return 0;
}

bool usm_process_owned_by(const struct usm_credentials *process, uid_t uid,
			  gid_t gid)
{
	for (int i = 0; i < 3; i++) {
		if (process->uid[i] != uid || process->gid[i] != gid)
			return false;
	}
	return process->owner == uid && process->group == gid;
}

int usm_process_resident(pid_t pid, uint64_t *all, uint64_t *anonymous)
{
	uint64_t size, resident, shared;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char text[256];
	int ret = read_proc(pid, "statm", text, sizeof(text), NULL);

	if (ret)
		return ret;
	if (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &size, &resident,
		   &shared) != 3)
		return -EINVAL;
	*all = resident * page;
	*anonymous = resident > shared ? (resident - shared) * page : 0;
	return 0;
}

bool usm_process_alive(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}
