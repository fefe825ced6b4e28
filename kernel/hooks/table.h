/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel functions we stand in for, and when. */
#ifndef USM_HOOK_TABLE_H
#define USM_HOOK_TABLE_H

/*
 * usm_hooks_install() - arm all hooks, or none.
 * Errors as usm_hook_install().  Sleeps.
 */
int usm_hooks_install(void);
/* Disarm all and wait until nobody is inside any more. Sleeps. */
void usm_hooks_uninstall(void);

#endif /* USM_HOOK_TABLE_H */
