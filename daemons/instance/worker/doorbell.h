/* SPDX-License-Identifier: MIT */
/*
 * doorbell.h - going to sleep on a struct usm_doorbell without losing a ring.
 */
#ifndef USM_INSTANCE_WORKER_DOORBELL_H
#define USM_INSTANCE_WORKER_DOORBELL_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

/* Announces that the worker looks at its bitfield before it sleeps. */
void usm_doorbell_running(struct usm_doorbell *bell);

/* Announces that nobody serves this doorbell any more. */
void usm_doorbell_absent(struct usm_doorbell *bell);

/*
 * Sleeps until somebody rings.  busy(ctx) is asked after the announcement and
 * a full fence; true means do not sleep.  The state is RUNNING again on
 * return.  May return early (signal); the caller looks for work either way.
 * limit_ns: at most that long, 0: as long as it takes.  Returns true when it
 * really slept.
 */
bool usm_doorbell_sleep(struct usm_doorbell *bell, uint64_t limit_ns,
			bool (*busy)(void *ctx), void *ctx);

/* Wakes the worker for the daemon's own reasons.  Any thread. */
void usm_doorbell_ring(struct usm_doorbell *bell);

#endif /* USM_INSTANCE_WORKER_DOORBELL_H */
