// SPDX-License-Identifier: MIT
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define SUFFIX ".json"
#define TEMPORARY ".new"

static bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text), tail = strlen(suffix);

	return len > tail && !strcmp(text + len - tail, suffix);
}

static void cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int join(const char *dir, const char *file,
		char path[USM_STORE_PATH_SIZE])
{
	int n = snprintf(path, USM_STORE_PATH_SIZE, "%s/%s", dir, file);

	return n < USM_STORE_PATH_SIZE ? 0 : -ENAMETOOLONG;
}

static int make_directories(const char *dir)
{
	char path[USM_STORE_PATH_SIZE];
	size_t len = strlen(dir);

	if (len >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, dir, len + 1);
	for (char *p = path + 1;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*p = c;
		if (!c)
			return 0;
	}
}

int usm_store_open(const char *dir)
{
	__attribute__((cleanup(cleanup_closedir))) DIR *d = NULL;
	char path[USM_STORE_PATH_SIZE];
	const struct dirent *entry;
	int ret = make_directories(dir);

	if (ret)
		return ret;
	d = opendir(dir);
	if (!d)
		return -errno;
	while ((entry = readdir(d))) {
		if (ends_with(entry->d_name, TEMPORARY) &&
		    !join(dir, entry->d_name, path))
			unlink(path);
	}
	return 0;
}

int usm_store_path(const char *dir, const char *name,
		   char path[USM_STORE_PATH_SIZE])
{
	char file[USM_NAME_SIZE + sizeof(SUFFIX)];

	snprintf(file, sizeof(file), "%s" SUFFIX, name);
	return join(dir, file, path);
}

static int sync_directory(const char *dir)
{
	usm_auto_fd fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fsync(fd) ? -errno : 0;
}

static int write_file(const char *path, const char *text)
{
	usm_auto_fd fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t len = strlen(text), done = 0;

	if (fd < 0)
		return -errno;
	while (done < len) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

int usm_store_save(const char *dir, const struct usm_config *config)
{
	char temporary[USM_STORE_PATH_SIZE + sizeof(TEMPORARY)];
	char path[USM_STORE_PATH_SIZE];
	usm_auto_free char *text = NULL;
	cJSON *json = NULL;
	int ret = usm_store_path(dir, config->name, path);

	if (ret)
		return ret;
	usm_config_print(config, &json);
	text = json ? cJSON_Print(json) : NULL;
	cJSON_Delete(json);
	if (!text)
		return -ENOMEM;
	snprintf(temporary, sizeof(temporary), "%s" TEMPORARY, path);
	ret = write_file(temporary, text);
	if (!ret && rename(temporary, path))
		ret = -errno;
	if (ret) {
		unlink(temporary);
		return ret;
	}
	return sync_directory(dir);
}

int usm_store_remove(const char *dir, const char *name)
{
	char path[USM_STORE_PATH_SIZE];
	int ret = usm_store_path(dir, name, path);

	if (ret)
		return ret;
	if (unlink(path))
		return errno == ENOENT ? 0 : -errno;
	return sync_directory(dir);
}

static int check_file(const char *path, const char *file,
		      struct usm_config *config, char *reason, size_t size)
{
	struct usm_config_error err = { 0 };
	int ret = usm_config_load(path, config, &err);

	if (ret == -EINVAL)
		snprintf(reason, size, "%s%s%s", err.field,
			 err.field[0] ? ": " : "", err.reason);
	else if (ret)
		snprintf(reason, size, "%s", strerror(-ret));
	if (ret)
		return ret;
	/* Acting on a copied file would start one name twice. */
	if (strlen(config->name) != strlen(file) - strlen(SUFFIX) ||
	    strncmp(config->name, file, strlen(config->name)) != 0) {
		snprintf(reason, size, "it is named \"%s\" inside",
			 config->name);
		return -EINVAL;
	}
	return 0;
}

int usm_store_load(const char *dir, usm_store_found found, void *data)
{
	__attribute__((cleanup(cleanup_closedir))) DIR *d = opendir(dir);
	const struct dirent *entry;

	if (!d)
		return -errno;
	while ((entry = readdir(d))) {
		char path[USM_STORE_PATH_SIZE];
		char aside[USM_STORE_PATH_SIZE + sizeof(".bad")];
		char reason[USM_JSON_FIELD_SIZE + USM_JSON_REASON_SIZE + 2];
		struct usm_config config;

		if (!ends_with(entry->d_name, SUFFIX) ||
		    join(dir, entry->d_name, path))
			continue;
		if (!check_file(path, entry->d_name, &config, reason,
				sizeof(reason))) {
			found(data, entry->d_name, &config, NULL);
			continue;
		}
		snprintf(aside, sizeof(aside), "%s.bad", path);
		rename(path, aside);
		found(data, entry->d_name, NULL, reason);
	}
	return 0;
}
