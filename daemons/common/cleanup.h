/* SPDX-License-Identifier: MIT */
/*
 * cleanup.h - destructors that run when a variable leaves its scope.
 *
 * Every one accepts the "nothing held" value (-1, NULL), so that ownership is
 * handed on by writing that value: `*out = usm_steal_fd(&fd);`.
 */
#ifndef USM_COMMON_CLEANUP_H
#define USM_COMMON_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Closes *fd unless it is negative; keeps errno. */
static inline void usm_cleanup_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

/* Frees what the pointer variable at p points to; p is a `T **`. */
static inline void usm_cleanup_free(void *p)
{
	free(*(void **)p);
}

/* Closes *f unless it is NULL; keeps errno. */
static inline void usm_cleanup_fclose(FILE **f)
{
	int saved = errno;

	if (*f)
		fclose(*f);
	errno = saved;
}

/* Takes the descriptor out of *fd, which no longer owns it. */
static inline int usm_steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define usm_auto_fd __attribute__((cleanup(usm_cleanup_close))) int
#define usm_auto_free __attribute__((cleanup(usm_cleanup_free)))
#define usm_auto_file __attribute__((cleanup(usm_cleanup_fclose))) FILE *

#endif /* USM_COMMON_CLEANUP_H */
