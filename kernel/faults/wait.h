/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting for a policy's answer, or for a daemon to ask. */
#ifndef USM_WAIT_H
#define USM_WAIT_H

struct usm_instance;
struct usm_kslot;

/*
 * usm_wait_for_policy() - sleep until the request in @slot is settled.
 * @flags: FAULT_FLAG_* of the fault; they say which signals end the wait
 *
 * Returns with the request settled, or, on a signal, still open; the fault is
 * to be retried either way and finds in its slot what became of it.  Follows
 * the daemon's comings and goings, keeps the deadline and tells the watchdog.
 * No lock may be held, least of all the address space's or a VMA's.
 */
void usm_wait_for_policy(struct usm_instance *instance, struct usm_kslot *slot,
			 unsigned int flags);

/*
 * usm_wait_briefly() - for callers that can neither retry nor be told to (KSM
 * breaking a page, exec filling its stack).  Settles the request: after a
 * moment a fresh page is the kernel's to serve, an evicted one fails.  Sleeps;
 * the address space's lock may be held.
 */
void usm_wait_briefly(struct usm_kslot *slot);

#endif /* USM_WAIT_H */
