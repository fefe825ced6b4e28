/* SPDX-License-Identifier: MIT */
/*
 * push.h - fills magazines.
 */
#ifndef USM_INSTANCE_AHEAD_PUSH_H
#define USM_INSTANCE_AHEAD_PUSH_H

#include "instance/ahead/ahead_parts.h"

/*
 * Refills a member's magazine from the worker's stock, zeroed frames first, if
 * it has run low; with the lock held.
 */
void usm_push_refill(struct usm_ahead_worker *worker, uint32_t member);

#endif /* USM_INSTANCE_AHEAD_PUSH_H */
