/* SPDX-License-Identifier: MIT */
/*
 * ending.h - the end of an instance that has served well: what is checked then.
 */
#ifndef USM_VM_ENDING_H
#define USM_VM_ENDING_H

#include <stdbool.h>

#include "lib/instance.h"

/* No page is the kernel's own, and every answer was right. */
void ending_check_served(const struct instance *instance, const char *what);

/*
 * Its frames are free again soon, its daemon ends when it is told to, and the
 * instance is gone; home_ms is for each of the first and the last.  outlives:
 * the instance outlives its daemon, and is destroyed.
 */
void ending_check(struct instance *instance, bool outlives,
		  unsigned int home_ms, const char *what);

#endif /* USM_VM_ENDING_H */
