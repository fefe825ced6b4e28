/* SPDX-License-Identifier: MIT */
/*
 * turns.h - a lock that is had in the order of asking.  A mutex is not: who
 * evicts in a loop would keep the thread that answers faults out of it for
 * seconds, and a debugger's fault would meet its deadline.
 */
#ifndef USM_VM_LIB_TURNS_H
#define USM_VM_LIB_TURNS_H

#include <stdint.h>
#include <unistd.h>

/* Copying a page and a call. */
#define TURN_US 50

struct turns { /* zeroed: nobody has it */
	uint32_t next, now;
};

/* Sleeps until all who asked before have left. */
static inline void turns_take(struct turns *turns)
{
	uint32_t mine = __atomic_fetch_add(&turns->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&turns->now, __ATOMIC_ACQUIRE) != mine)
		usleep(TURN_US);
}

static inline void turns_leave(struct turns *turns)
{
	__atomic_fetch_add(&turns->now, 1, __ATOMIC_RELEASE);
}

#endif
