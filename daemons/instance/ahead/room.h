/* SPDX-License-Identifier: MIT */
/*
 * room.h - how much a worker may give ahead now.
 *
 * Any worker may fill any magazine, so each reckons with its part of what is
 * out.  Worker's own.
 */
#ifndef USM_INSTANCE_AHEAD_ROOM_H
#define USM_INSTANCE_AHEAD_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/ahead/ahead_parts.h"

/* Frames it may give; no more than it has. */
uint32_t usm_room_left(const struct usm_ahead_worker *worker);

/* Is so much out that it is to be taken back? */
bool usm_room_overdrawn(const struct usm_ahead_worker *worker);

#endif /* USM_INSTANCE_AHEAD_ROOM_H */
