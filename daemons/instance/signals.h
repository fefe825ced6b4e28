/* SPDX-License-Identifier: MIT */
/*
 * signals.h - signals as descriptors: nothing is ever done in a handler.
 */
#ifndef USM_INSTANCE_SIGNALS_H
#define USM_INSTANCE_SIGNALS_H

#include <stdbool.h>

/*
 * Blocks every signal the daemon reads in this and all later threads: SIGTERM,
 * SIGINT, SIGHUP, SIGUSR1; ignores those that tell of errors which show anyway.
 * To be called before there are other threads.  -errno.
 */
int usm_signals_block(void);

/*
 * A descriptor that is readable when one of those signals (0 at the end) has
 * come; *fd belongs to the caller.  -errno.
 */
int usm_signals_open(const int *signals, int *fd);

/* Takes one; false when none is there.  Any number of the same is one. */
bool usm_signals_take(int fd);

#endif /* USM_INSTANCE_SIGNALS_H */
