/* SPDX-License-Identifier: MIT */
/* file.h - small files of /proc and /sys, and numbers in them. */
#ifndef USM_VM_FILE_H
#define USM_VM_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Writes text in one write(). 0 or -errno. Safe in a signal handler. */
int file_write(const char *path, const char *text);

/* Reads the start of a file, NUL-terminated. Bytes read, or -errno. */
ssize_t file_read(const char *path, char *out, size_t size);

/* Copies a file to a new one, mode 0644. 0 or -errno. */
int file_copy(const char *from, const char *to);

/*
 * The number that follows `key` at the start of a line ("VmSwap:", "pswpout"),
 * in the file's own unit; -1 when it is not there.
 */
long long file_number(const char *path, const char *key);

/* The same in /proc/PID/smaps_rollup. */
long long smaps_number(pid_t pid, const char *key);

/* The same in /proc/PID/status. */
long long status_number(pid_t pid, const char *key);

#endif /* USM_VM_FILE_H */
