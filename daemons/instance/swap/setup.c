/* SPDX-License-Identifier: MIT */
#include "instance/swap/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/client.h"
#include "instance/policies/swap/compressed.h"
#include "instance/policies/swap/file.h"

/* As failures name it. */
#define MEMORY_DIR "--swap-memory-dir"

static int make(const char *dir, const char *option,
		struct usm_failure *failure)
{
	if (mkdir(dir, 0700) && errno != EEXIST)
		return usm_fail(failure, USM_EXIT_FAILED, errno, "%s: %s: %s",
				option, dir, strerror(errno));
	return 0;
}

/* What is wrong with it, or NULL. */
static const char *look_at(int fd)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return strerror(errno);
	/* In /dev/shm anybody may have been there first. */
	if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
		return "belongs to others, or they may write to it";
	if (fs.f_type != TMPFS_MAGIC)
		return "is not of a tmpfs: packed pages are to be in memory";
	return NULL;
}

int usm_swap_memory_directory(const char *dir, struct usm_failure *failure)
{
	int err = make(dir, MEMORY_DIR, failure);
	usm_auto_fd fd = -1;
	const char *wrong;

	if (err)
		return err;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return usm_fail(failure, USM_EXIT_FAILED, errno, "%s: %s: %s",
				MEMORY_DIR, dir, strerror(errno));
	wrong = look_at(fd);
	if (wrong)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL, "%s: %s: %s",
				MEMORY_DIR, dir, wrong);
	return 0;
}

static int open_device(const struct usm_swap_file *options,
		       const struct usm_config *config,
		       struct usm_swap_device *out, bool *fresh,
		       struct usm_failure *failure)
{
	switch (config->swap_kind) {
	case USM_SWAP_LZ4:
		return usm_swap_compressed_open(options, &usm_codec_lz4,
						config->swap_memory_max, out,
						fresh, failure);
	case USM_SWAP_ZSTD:
		return usm_swap_compressed_open(options, &usm_codec_zstd,
						config->swap_memory_max, out,
						fresh, failure);
	case USM_SWAP_FILE:
		break;
	}
	return usm_swap_file_open(options, out, fresh, failure);
}

int usm_swap_setup(const struct usm_session *session,
		   const struct usm_swap_dirs *dirs,
		   const struct usm_config *config, struct usm_swap_device *out,
		   bool *fresh, struct usm_failure *failure)
{
	bool memory = usm_swap_in_memory(config->swap_kind);
	const char *option = memory ? MEMORY_DIR : "--swap-dir";
	const char *dir = memory ? dirs->memory : dirs->file;
	struct usm_instance_info info;
	char path[PATH_MAX];
	struct usm_swap_file options = {
		.path = path,
		.bytes = config->swap_bytes,
		.instance = session->claim.name,
	};
	int n = snprintf(
		path, sizeof(path), "%s/%s.%s", dir, session->claim.name,
		memory ? usm_swap_kind_names[config->swap_kind] : "swap");
	int err;

	if (n < 0 || n >= PATH_MAX)
		return usm_fail(failure, USM_EXIT_USAGE, ENAMETOOLONG,
				"%s: too long", option);
	err = memory ? usm_swap_memory_directory(dir, failure)
		     : make(dir, option, failure);
	if (err)
		return err;
	err = usm_client_find(session->device_fd, session->claim.name, &info);
	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"reading the instance's state: %s",
				strerror(-err));
	options.created_ns = info.created_ns;
	return open_device(&options, config, out, fresh, failure);
}
