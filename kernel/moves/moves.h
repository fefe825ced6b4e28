/* SPDX-License-Identifier: GPL-2.0 */
/* Pages that change places while their process runs. */
#ifndef USM_MOVES_H
#define USM_MOVES_H

#include <linux/mm_types.h>

#include "usm.h"

struct usm_instance;

/*
 * usm_move_leaving() - move the pages in frames that are to leave @instance to
 * FREE ones of what stays, as far as they go now.
 * Returns how many were moved.  Sleeps; a fatal signal ends it early.
 */
u32 usm_move_leaving(struct usm_instance *instance);

/*
 * usm_move() - USM_IOC_MOVE for one entry: 0 or an error as documented there.
 * Sleeps.
 */
int usm_move(struct usm_instance *instance, struct usm_move_entry *entry);

/*
 * usm_adopt() - USM_IOC_ADOPT, the caller's rights checked.
 * Fills the results also on -ENOSPC and -EINTR.  Sleeps.
 */
int usm_adopt(struct usm_instance *instance, struct usm_adopt *adopt);

/*
 * usm_drain() - pages of @mm in frames of @instance become ordinary ones, for
 * USM_IOC_UNBIND.  Fills the results also on -ENOMEM and -EINTR.  Sleeps.
 */
int usm_drain(struct usm_instance *instance, struct mm_struct *mm,
	      struct usm_unbind *unbind);

#endif /* USM_MOVES_H */
