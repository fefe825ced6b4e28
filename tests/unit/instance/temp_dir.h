/* SPDX-License-Identifier: MIT */
/*
 * temp_dir.h - a directory of a test's own, and files in it.
 */
#ifndef USM_TESTS_TEMP_DIR_H
#define USM_TESTS_TEMP_DIR_H

#include <stddef.h>
#include <sys/types.h>

/* Makes one with mode 0755; ends the test on failure. */
void temp_dir_make(char *path, size_t size);

/* Removes it with all that is in it. */
void temp_dir_remove(const char *path);

/* Writes bytes to DIR/NAME and gives it a mode, whatever the umask. */
void temp_file(const char *dir, const char *name, const void *bytes, size_t nr,
	       mode_t mode);

/* Copies a file there, mode 0644. */
void temp_copy(const char *dir, const char *name, const char *from);

#endif /* USM_TESTS_TEMP_DIR_H */
