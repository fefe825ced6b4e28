/* SPDX-License-Identifier: GPL-2.0 */
/* What every part of the module shares: its work queue. */
#ifndef USM_MODULE_H
#define USM_MODULE_H

#include <linux/workqueue.h>

/*
 * Own, so that unloading can flush it: work items drop the last module
 * reference and still have to return.
 */
extern struct workqueue_struct *usm_wq;

#endif /* USM_MODULE_H */
