/* SPDX-License-Identifier: MIT */
/*
 * ready.h - the one line a policy daemon writes when it is ready to serve.
 */
#ifndef USM_MANAGER_READY_H
#define USM_MANAGER_READY_H

#include <stddef.h>

/* "ready instance=1024\n" and room to notice that it is too long. */
#define USM_READY_LINE_MAX 32

/* Reads "ready instance=<id>\n" exactly.  -EINVAL.  Pure. */
int usm_ready_parse(const char *line, size_t len, unsigned int *instance);

#endif /* USM_MANAGER_READY_H */
