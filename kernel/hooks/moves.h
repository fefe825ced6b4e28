/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies and moves of page tables, which take the markers of evicted pages
 * along: fork and mremap.
 */
#ifndef USM_MOVES_H
#define USM_MOVES_H

#include "hooks/hook.h"

extern struct usm_hook usm_copy_hook;
extern struct usm_hook usm_move_hook;

#endif /* USM_MOVES_H */
