/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An instance's state as text for people: in the kernel log when its daemon
 * is stuck, and in debugfs.
 */
#ifndef USM_DUMP_H
#define USM_DUMP_H

#include <linux/compiler_attributes.h>

struct usm_instance;

/* Where a dump goes, line by line; lines end without a newline. */
struct usm_dump_sink {
	void (*line)(struct usm_dump_sink *sink, struct va_format *text);
	void *ctx;
};

/*
 * usm_dump() - the whole state, some ten lines and one for each worker.
 * Sleeps; takes the instance's locks for one part after the other, so the
 * parts may be of slightly different moments.
 */
void usm_dump(struct usm_instance *instance, struct usm_dump_sink *sink);
/* The same into the kernel log. */
void usm_dump_log(struct usm_instance *instance);

#endif /* USM_DUMP_H */
