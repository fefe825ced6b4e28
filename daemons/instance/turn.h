/* SPDX-License-Identifier: MIT */
/*
 * turn.h - policies are exchanged by one at a time: SIGHUP or a threshold.
 * The control thread alone.
 */
#ifndef USM_INSTANCE_TURN_H
#define USM_INSTANCE_TURN_H

#include <stdbool.h>

/* There are two who may want it, so at most one waits.  Zeroed: free. */
struct usm_turn {
	bool taken;
	void (*next)(void *ctx); /* NULL: nobody waits */
	void *next_ctx;
};

/*
 * True: it is the caller's, until usm_turn_end().  False: go(ctx) is called
 * with it once it is free.  Not by who has it.
 */
bool usm_turn_take(struct usm_turn *turn, void (*go)(void *ctx), void *ctx);

/* Who waits goes on before this returns. */
void usm_turn_end(struct usm_turn *turn);

#endif /* USM_INSTANCE_TURN_H */
