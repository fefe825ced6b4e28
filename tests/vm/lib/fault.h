/* SPDX-License-Identifier: MIT */
/* fault.h - does touching this address raise a signal? */
#ifndef USM_VM_FAULT_H
#define USM_VM_FAULT_H

#include <stdbool.h>

/*
 * Reads the byte, or writes back what it reads; true when that was SIGBUS or
 * SIGSEGV.  For single-threaded use.
 */
bool touch_faults(void *address, bool write);

/* The same of storing a zero there without reading first. */
bool store_faults(void *address);

#endif /* USM_VM_FAULT_H */
