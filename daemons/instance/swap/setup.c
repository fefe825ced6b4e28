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
#include "common/client/instances.h"
#include "instance/policies/swap/compressed.h"
#include "instance/policies/swap/file.h"
#include "instance/policies/swap/tiered.h"

/* As failures name them. */
#define FILE_DIR "--swap-dir"
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

static int path_of(const struct usm_session *session, const char *dir,
		   const char *suffix, const char *option, char *path,
		   struct usm_failure *failure)
{
	int n = snprintf(path, PATH_MAX, "%s/%s.%s", dir, session->claim.name,
			 suffix);

	if (n < 0 || n >= PATH_MAX)
		return usm_fail(failure, USM_EXIT_USAGE, ENAMETOOLONG,
				"%s: too long", option);
	return 0;
}

static int open_file(const struct usm_session *session,
		     const struct usm_swap_dirs *dirs,
		     struct usm_swap_file options, struct usm_swap_device *out,
		     bool *fresh, struct usm_failure *failure)
{
	char path[PATH_MAX];
	int err = path_of(session, dirs->file, "swap", FILE_DIR, path, failure);

	options.path = path;
	if (!err)
		err = make(dirs->file, FILE_DIR, failure);
	return err ? err : usm_swap_file_open(&options, out, fresh, failure);
}

static int open_memory(const struct usm_session *session,
		       const struct usm_swap_dirs *dirs,
		       const struct usm_config *config,
		       struct usm_swap_file options,
		       struct usm_swap_device *out, bool *fresh,
		       struct usm_failure *failure)
{
	const struct usm_compressed_options how = {
		.codec = config->swap_kind == USM_SWAP_ZSTD ? &usm_codec_zstd
							    : &usm_codec_lz4,
		.memory_max = config->swap_memory_max,
		.upper = config->swap_kind == USM_SWAP_TIERED,
	};
	char path[PATH_MAX];
	int err = path_of(session, dirs->memory,
			  usm_swap_kind_names[config->swap_kind], MEMORY_DIR,
			  path, failure);

	options.path = path;
	if (!err)
		err = usm_swap_memory_directory(dirs->memory, failure);
	return err ? err
		   : usm_swap_compressed_open(&options, &how, out, fresh,
					      failure);
}

static int open_tiered(const struct usm_session *session,
		       const struct usm_swap_dirs *dirs,
		       const struct usm_config *config,
		       const struct usm_swap_file *options,
		       struct usm_swap_device *out, bool *fresh,
		       struct usm_failure *failure)
{
	struct usm_swap_device memory = { 0 }, file = { 0 };
	bool memory_fresh = false, file_fresh;
	int err = open_memory(session, dirs, config, *options, &memory,
			      &memory_fresh, failure);

	if (!err)
		err = open_file(session, dirs, *options, &file, &file_fresh,
				failure);
	if (!err) {
		err = usm_swap_tiered_create(&memory, &file, out);
		if (err)
			usm_fail(failure, USM_EXIT_FAILED, -err,
				 "out of memory");
	}
	if (err) {
		/* Begun for nothing. */
		if (memory.ctx && memory_fresh)
			memory.empty(memory.ctx);
		usm_swap_device_close(&file);
		usm_swap_device_close(&memory);
		return err;
	}
	/* Half of it is not enough. */
	*fresh = memory_fresh || file_fresh;
	return 0;
}

int usm_swap_setup(const struct usm_session *session,
		   const struct usm_swap_dirs *dirs,
		   const struct usm_config *config, struct usm_swap_device *out,
		   bool *fresh, struct usm_failure *failure)
{
	struct usm_swap_file options = {
		.bytes = config->swap_bytes,
		.instance = session->claim.name,
		/* Killed, such an instance is gone with its members' pages. */
		.nameless = !(session->claim.flags & USM_CLAIM_PERSIST),
	};
	struct usm_instance_info info;
	int err =
		usm_client_find(session->device_fd, session->claim.name, &info);

	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"reading the instance's state: %s",
				strerror(-err));
	options.created_ns = info.created_ns;
	switch (config->swap_kind) {
	case USM_SWAP_LZ4:
	case USM_SWAP_ZSTD:
		return open_memory(session, dirs, config, options, out, fresh,
				   failure);
	case USM_SWAP_TIERED:
		return open_tiered(session, dirs, config, &options, out, fresh,
				   failure);
	case USM_SWAP_FILE:
		break;
	}
	return open_file(session, dirs, options, out, fresh, failure);
}
