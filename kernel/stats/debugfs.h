/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /sys/kernel/debug/usm/ID-NAME/state: an instance's state for people, as
 * usm_dump() has it.  Where there is no debugfs there are no files, and nothing
 * else changes.
 */
#ifndef USM_DEBUGFS_H
#define USM_DEBUGFS_H

struct usm_instance;

void usm_debugfs_init(void);
void usm_debugfs_exit(void);
/* The instance can be found from now on. Sleeps. */
void usm_debugfs_add(struct usm_instance *instance);
/* Nobody reads its file any more when this returns. Sleeps. */
void usm_debugfs_remove(struct usm_instance *instance);

#endif /* USM_DEBUGFS_H */
