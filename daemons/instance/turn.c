/* SPDX-License-Identifier: MIT */
#include "instance/turn.h"

#include <stddef.h>

bool usm_turn_take(struct usm_turn *turn, void (*go)(void *ctx), void *ctx)
{
	if (turn->taken) {
		turn->next = go;
		turn->next_ctx = ctx;
		return false;
	}
	turn->taken = true;
	return true;
}

void usm_turn_end(struct usm_turn *turn)
{
	void (*next)(void *ctx) = turn->next;

	turn->next = NULL;
	turn->taken = next;
	if (next)
		next(turn->next_ctx);
}
