// SPDX-License-Identifier: MIT
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libcgroup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <linux/magic.h>
#include <unistd.h>

#include "common/cleanup.h"

#define PARENT "usm"

/* The kernel's default period; a quota of 1 % is then its least, 1 ms. */
#define CPU_PERIOD_US 100000U

/* cpu.stat and memory.events are a few hundred bytes. */
#define FILE_MAX 2048

static int fail(char *reason, int ret, const char *what, const char *why)
{
	snprintf(reason, USM_CGROUP_REASON_SIZE, "%s: %s", what, why);
	return ret;
}

static const char *library_error(int error)
{
	return error == ECGOTHER ? strerror(cgroup_get_last_errno())
				 : cgroup_strerror(error);
}

static int find_mount_point(char *path, size_t size)
{
	struct statfs fs;
	char *found = NULL;
	int error = cgroup_init();

	if (error)
		return -ENODEV;
	error = cgroup_get_subsys_mount_point("memory", &found);
	if (error || !found)
		return -ENODEV;
	snprintf(path, size, "%s", found);
	free(found);
	if (statfs(path, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
		return -ENODEV;
	return 0;
}

/*
 * Where version 2 is mounted, NULL: nowhere.  libcgroup's state is the
 * process's too, and looking takes it milliseconds, so what was found stays.
 */
static const char *mount_point(void)
{
	static char found[USM_CGROUP_PATH_SIZE];
	char path[USM_CGROUP_PATH_SIZE];

	if (!found[0] && !find_mount_point(path, sizeof(path)))
		strcpy(found, path);
	return found[0] ? found : NULL;
}

static int own_path(const char *name, const char *file, char *path, size_t size)
{
	const char *mount = mount_point();

	if (!mount)
		return -ENODEV;
	if (snprintf(path, size, "%s/" PARENT "/%s%s%s", mount, name,
		     *file ? "/" : "", file) >= (int)size)
		return -ENAMETOOLONG;
	return 0;
}

static int create_with_limits(const char *name,
			      const struct usm_cgroup_limits *limits,
			      char *reason)
{
	struct cgroup_controller *memory, *cpu;
	char path[sizeof(PARENT) + USM_NAME_SIZE];
	char memory_max[24] = "max";
	char cpu_max[40];
	struct cgroup *group;
	int error;

	snprintf(path, sizeof(path), PARENT "/%s", name);
	if (limits->memory_max)
		snprintf(memory_max, sizeof(memory_max), "%" PRIu64,
			 limits->memory_max);
	snprintf(cpu_max, sizeof(cpu_max), "max %u", CPU_PERIOD_US);
	if (limits->cpu_percent)
		snprintf(cpu_max, sizeof(cpu_max), "%u %u",
			 limits->cpu_percent * (CPU_PERIOD_US / 100),
			 CPU_PERIOD_US);
	group = cgroup_new_cgroup(path);
	if (!group)
		return fail(reason, -ENOMEM, "cgroup", "out of memory");
	memory = cgroup_add_controller(group, "memory");
	cpu = cgroup_add_controller(group, "cpu");
	if (!memory || !cpu ||
	    cgroup_add_value_string(memory, "memory.max", memory_max) ||
	    cgroup_add_value_string(cpu, "cpu.max", cpu_max)) {
		cgroup_free(&group);
		return fail(reason, -ENOMEM, "cgroup", "out of memory");
	}
	error = cgroup_create_cgroup(group, 1);
	cgroup_free(&group);
	if (error)
		return fail(reason, -EIO, path, library_error(error));
	return 0;
}

/* What was written must be what holds: a wrong limit is no limit. */
static int verify(const char *name, const struct usm_cgroup_limits *limits,
		  char *reason)
{
	struct usm_cp_cgroup found = { 0 };

	usm_cgroup_read(name, &found);
	if (!found.present)
		return fail(reason, -EIO, name, "its figures cannot be read");
	if (found.memory_max != limits->memory_max)
		return fail(reason, -EIO, "memory.max", "was not applied");
	if (found.cpu_max_percent != limits->cpu_percent)
		return fail(reason, -EIO, "cpu.max", "was not applied");
	return 0;
}

int usm_cgroup_create(const char *name, const struct usm_cgroup_limits *limits,
		      int *dir_fd, char reason[USM_CGROUP_REASON_SIZE])
{
	char path[USM_CGROUP_PATH_SIZE];
	int fd, ret = own_path(name, "", path, sizeof(path));

	if (ret)
		return fail(
			reason, ret, "cgroup",
			"no version 2 hierarchy with the memory and cpu controllers is mounted");
	ret = create_with_limits(name, limits, reason);
	if (!ret)
		ret = verify(name, limits, reason);
	if (ret) {
		rmdir(path);
		return ret;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		ret = fail(reason, -errno, name, strerror(errno));
		rmdir(path);
		return ret;
	}
	*dir_fd = fd;
	return 0;
}

int usm_cgroup_remove(const char *name)
{
	char path[USM_CGROUP_PATH_SIZE];

	if (own_path(name, "", path, sizeof(path)))
		return 0;
	return rmdir(path) && errno != ENOENT ? -errno : 0;
}

static int read_text(const char *name, const char *file, char *text,
		     size_t size)
{
	char path[USM_CGROUP_PATH_SIZE];
	usm_auto_fd fd = -1;
	ssize_t n;
	int ret = own_path(name, file, path, sizeof(path));

	if (ret)
		return ret;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		return -errno;
	text[n] = 0;
	return 0;
}

bool usm_cgroup_keyed_value(const char *text, const char *key, uint64_t *value)
{
	size_t len = strlen(key);

	for (const char *line = text; *line;) {
		const char *end = strchr(line, '\n');

		if (!strncmp(line, key, len) && line[len] == ' ') {
			*value = strtoull(line + len + 1, NULL, 10);
			return true;
		}
		if (!end)
			break;
		line = end + 1;
	}
	return false;
}

unsigned int usm_cgroup_parse_cpu_max(const char *text)
{
	uint64_t quota, period;

	if (sscanf(text, "%" SCNu64 " %" SCNu64, &quota, &period) != 2 ||
	    !period)
		return 0;
	return (unsigned int)(quota * 100 / period);
}

void usm_cgroup_read(const char *name, struct usm_cp_cgroup *out)
{
	struct usm_cp_cgroup found = { 0 };
	char text[FILE_MAX];

	*out = found;
	if (read_text(name, "memory.current", text, sizeof(text)))
		return;
	found.memory_current = strtoull(text, NULL, 10);
	if (read_text(name, "memory.max", text, sizeof(text)))
		return;
	/* "max" reads as 0, which is how no limit is told. */
	found.memory_max = strtoull(text, NULL, 10);
	if (read_text(name, "cpu.max", text, sizeof(text)))
		return;
	found.cpu_max_percent = usm_cgroup_parse_cpu_max(text);
	if (read_text(name, "cpu.stat", text, sizeof(text)))
		return;
	usm_cgroup_keyed_value(text, "usage_usec", &found.cpu_usage_us);
	usm_cgroup_keyed_value(text, "throttled_usec", &found.cpu_throttled_us);
	if (!read_text(name, "memory.events", text, sizeof(text)))
		usm_cgroup_keyed_value(text, "oom_kill", &found.oom_kills);
	found.present = true;
	*out = found;
}
