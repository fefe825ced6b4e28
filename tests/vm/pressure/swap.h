/* SPDX-License-Identifier: MIT */
/* swap.h - a swap device in compressed memory, and memory to fill it with. */
#ifndef USM_VM_PRESSURE_SWAP_H
#define USM_VM_PRESSURE_SWAP_H

#include "lib/child.h"

/* Makes a zram device of that size and swaps to it: 0 or -errno. */
int swap_on(unsigned int mib);

/* Swaps in what is out, and forgets the device. */
int swap_off(void);

/* child_shared.word[] of a hog. */
#define HOG_BYTES 0 /* set before it is let on */
#define HOG_STOP 1
#define HOG_ROUNDS 2 /* how often it has written everything */
#define HOG_BAD 3

/* A child's main: writes its memory again and again, and checks it. */
int hog_main(struct child *self, void *arg);

#endif /* USM_VM_PRESSURE_SWAP_H */
