/* SPDX-License-Identifier: MIT */
/*
 * store.h - the state directory: one NAME.json per instance, the object that
 * created it, which is also what usm-instance --config reads.
 *
 * A file is there whole or not at all: written beside, synced, renamed.
 */
#ifndef USM_MANAGER_STORE_H
#define USM_MANAGER_STORE_H

#include "common/config.h"

#define USM_STORE_PATH_SIZE 512

/* Makes the directory (mode 0755) and its parents, and clears leftovers. */
int usm_store_open(const char *dir);

/* Where the file of an instance is.  -ENAMETOOLONG. */
int usm_store_path(const char *dir, const char *name,
		   char path[USM_STORE_PATH_SIZE]);

/* Saves atomically; on failure an older file is still there, unchanged. */
int usm_store_save(const char *dir, const struct usm_config *config);

/* Removes an instance's file; 0 also when there is none. */
int usm_store_remove(const char *dir, const char *name);

/*
 * What became of one file: reason is NULL and config valid, or config is NULL
 * and reason says why the file was set aside as NAME.json.bad.
 */
typedef void (*usm_store_found)(void *data, const char *file,
				const struct usm_config *config,
				const char *reason);

/* Reads every file, in no particular order. */
int usm_store_load(const char *dir, usm_store_found found, void *data);

#endif /* USM_MANAGER_STORE_H */
